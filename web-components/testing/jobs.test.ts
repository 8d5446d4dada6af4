import { expect, test } from "bun:test";
import type { Locator } from "playwright-core";
import { at, id, now } from "./moments.ts";
import { job, logLine, progress } from "./seed-jobs.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const running = id("RUNpg-primary");
const topic = `job:${running}` as const;
const path = `/jobs/${running}`;

test("progress moves with the agent's reports [UI-04] [JOB-06]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByText("62%").waitFor();
    await page.getByText("10m 59s left at 131 MB/s").waitFor();
    await server.heard(topic);
    server.push(topic, {
      type: "job.progress",
      job_id: running,
      progress: progress(75, { seconds_remaining: 400, rate: 90e6 }),
    });
    await page.getByText("75%").waitFor();
    await page.getByText("6m 40s left at 90 MB/s").waitFor();
    expect(
      await page.getByRole("progressbar").getAttribute("aria-valuenow"),
    ).toBe("75");
    server.push(topic, {
      type: "job.progress",
      job_id: running,
      progress: progress(100, { phase: "finishing" }),
    });
    await page.getByText("Saving the snapshot").waitFor();
  }));

test("the log follows its end until a person scrolls up, and Follow takes it there again [UI-04]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    const log = page.getByRole("log");
    const distance = () =>
      log.evaluate(
        (element) =>
          element.scrollHeight - element.scrollTop - element.clientHeight,
      );
    const lineComes = (n: number) => {
      server.push(topic, {
        type: "job.log",
        job_id: running,
        lines: [logLine(n, { l: `line number ${n}` })],
      });
      return page.getByText(`line number ${n}`).waitFor({ state: "attached" });
    };
    await page.getByText("386 lines").waitFor();
    await server.heard(topic);
    await lineComes(387);
    await page.waitForFunction(() => true);
    expect(await distance()).toBeLessThan(30);
    await log.hover();
    await page.mouse.wheel(0, -900);
    await page.getByRole("button", { name: "Follow" }).waitFor();
    await lineComes(388);
    expect(await distance()).toBeGreaterThan(300);
    await page.getByRole("button", { name: "Follow" }).click();
    await page
      .getByRole("button", { name: "Follow" })
      .waitFor({ state: "detached" });
    expect(await distance()).toBeLessThan(30);
  }));

test("Issues only leaves warnings and errors, with their number [UI-04]", () =>
  stage.play(seededWorld(), path, async ({ page }) => {
    await page.getByText("386 lines, 5 issues").waitFor();
    await page.getByRole("button", { name: "Issues only" }).click();
    await page.getByText("5 lines found").waitFor();
    expect(new URL(page.url()).search).toBe("?issues=1");
    expect(
      await page
        .getByRole("log")
        .getByText(/permission denied/)
        .isVisible(),
    ).toBe(true);
    expect(
      await page.getByRole("log").getByText("changed", { exact: true }).count(),
    ).toBe(0);
    const links = await page
      .getByRole("link", { name: "Download the whole log" })
      .all();
    expect(
      await Promise.all(links.map((link) => link.getAttribute("href"))),
    ).toEqual([
      `/api/jobs/${running}/log.txt`,
      `/api/jobs/${running}/log.ndjson`,
    ]);
  }));

test("Cancel is asked once and then waits for the agent [JOB-07]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Cancel job" }).click();
    const cancelling = page.getByRole("button", { name: "Cancelling" });
    await cancelling.waitFor();
    expect(await cancelling.isDisabled()).toBe(true);
    expect(server.sent.map((request) => request.path)).toEqual([
      `/api/jobs/${running}/cancel`,
    ]);
    const cancelled = job(running, {
      state: "cancelled",
      finished_at: at(now),
      exit_code: 130,
      error: { code: "cancelled", message: "Cancelled by a person." },
    });
    server.push("fleet", { type: "job.changed", job: cancelled });
    await page.getByText("Cancelled by a person.").waitFor();
    await page.getByRole("button", { name: "Run again" }).waitFor();
  }));

test("a job that ends shows what it did", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByText("62%").waitFor();
    await server.heard("fleet");
    const done = job(running, {
      snapshot_id: "d64db632".repeat(8),
      stats: {
        files_new: 3,
        files_changed: 5,
        data_added: 3.8e9,
        data_added_packed: 1.2e9,
        total_files_processed: 41_882,
        total_bytes_processed: 214.9e9,
      },
    });
    server.push("fleet", { type: "job.changed", job: done });
    const result = page.getByRole("region", { name: "Result" });
    await result.getByText("3.8 GB").waitFor();
    await result.getByText("21m 00s").waitFor();
    await page.getByText("d64db632").waitFor();
    expect(await page.getByRole("button", { name: "Cancel job" }).count()).toBe(
      0,
    );
  }));

test("a failed job names cause and code", () =>
  stage.play(seededWorld(), `/jobs/${id("PAST001")}`, async ({ page }) => {
    const result = page.getByRole("region", { name: "Result" });
    await result
      .getByText("The repository is locked by another process")
      .waitFor();
    await result.getByText("repository_locked").waitFor();
  }));

test("the list has running jobs first and grows by what comes", () =>
  stage.play(seededWorld(), "/jobs", async ({ page, server }) => {
    const rows = page.getByRole("table").getByRole("row");
    await page.getByText("1 job running or about to.").waitFor();
    expect(await rows.nth(1).innerText()).toContain("Running");
    await server.heard("fleet");
    const fresh = job(id("FRESH"), {
      state: "queued",
      host_name: "nas-01",
      started_at: null,
      finished_at: null,
    });
    server.push("fleet", { type: "job.changed", job: fresh });
    await page.getByText("2 jobs running or about to.").waitFor();
    expect(await rows.nth(1).innerText()).toContain("nas-01");
  }));

test("a viewer cannot cancel or start again [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("62%").waitFor();
      expect(
        await page.getByRole("button", { name: /Cancel|Run/ }).count(),
      ).toBe(0);
    },
  ));

test("while the agent is away the page says that the job goes on there", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByText("62%").waitFor();
    await server.heard("fleet");
    const host = server.world.hosts.find(({ name }) => name === "pg-primary")!;
    server.push("fleet", {
      type: "host.changed",
      host: { ...host, online: false, last_seen_at: at(now - 120_000) },
    });
    await page
      .getByText("pg-primary is not connected, last seen 2m ago.")
      .waitFor();
    server.push("fleet", { type: "host.changed", host });
    await page
      .getByText("pg-primary is not connected")
      .waitFor({ state: "detached" });
  }));

test("a log is searched as one types, what comes later is searched too, and the address keeps it [UI-04] [JOB-08]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByText("386 lines, 5 issues").waitFor();
    await page.getByLabel("Search the log").fill("POSTMASTER");
    await page.getByText("1 line found").waitFor();
    await page.waitForURL(/q=POSTMASTER/);
    await server.heard(topic);
    server.push(topic, {
      type: "job.log",
      job_id: running,
      lines: [
        logLine(387, { l: "postmaster is back" }),
        logLine(388, { l: "something else" }),
      ],
    });
    await page.getByText("2 lines found").waitFor();
    expect(await page.getByText("did not reach the server").count()).toBe(0);
    await page.reload();
    await page.getByText("1 line found").waitFor();
    await page.getByLabel("Search the log").fill("no such word");
    await page.getByText("No line contains this.").waitFor();
    await page.getByLabel("Search the log").fill("");
    await page.getByText("386 lines, 5 issues").waitFor();
  }));

test("what is typed to search the log of a running job stays while lines come [UI-04]", () =>
  stage.play(
    seededWorld(),
    path,
    async ({ page, server }) => {
      await page.getByText("386 lines, 5 issues").waitFor();
      await server.heard(topic);
      const field = page.getByLabel("Search the log");
      await field.fill("Postmaster ");
      const line = logLine(387, { l: "postmaster is back" });
      server.world.log.push(line);
      server.push(topic, { type: "job.log", job_id: running, lines: [line] });
      await page.getByText("387 lines, 5 issues").waitFor();
      expect(await field.inputValue()).toBe("Postmaster ");
      await page.clock.runFor(300);
      await page.getByText("2 lines found").waitFor();
      // Its space is no part of the search, but of the next word.
      expect(await field.inputValue()).toBe("Postmaster ");
    },
    { fakeTimers: true },
  ));

/** Resolves when there are that many rows, the head among them, and no more. */
async function shows(rows: Locator, number: number): Promise<void> {
  await rows.nth(number).waitFor({ state: "detached" });
  await rows.nth(number - 1).waitFor();
}

test("jobs are chosen by kind, state, starter, host and day, and the address keeps it [JOB-11]", () =>
  stage.play(
    {
      ...seededWorld(),
      jobs: [job(id("PRUNE1"), { kind: "prune", actor: "system" })].concat(
        seededWorld().jobs,
      ),
    },
    "/jobs",
    async ({ page }) => {
      const rows = page.getByRole("table").getByRole("row");
      await page.getByText("1 job running or about to.").waitFor();
      expect(await rows.count()).toBe(43);
      await page.getByLabel("Kind").selectOption("Prune");
      await page.waitForURL(/kind=prune/);
      await page.getByRole("link", { name: /^Prune pg-primary/ }).waitFor();
      expect(await rows.count()).toBe(2);
      await page.reload();
      await page.getByRole("link", { name: /^Prune pg-primary/ }).waitFor();
      await page.getByLabel("State").selectOption("Failed");
      await page.getByText("No job is like this").waitFor();
      await page.getByRole("link", { name: "Show every job" }).click();
      await page.getByLabel("State").selectOption("Failed");
      await shows(rows, 2);
      await page.getByRole("link", { name: "Clear filters" }).click();
      await page.getByLabel("From", { exact: true }).fill("2026-11-20");
      await page.getByLabel("To", { exact: true }).fill("2026-11-20");
      await page.waitForURL(/to=2026-11-20/);
      await shows(rows, 2);
      expect(await page.getByLabel("Started by").inputValue()).toBe("");
    },
  ));

test("a job that no longer fits leaves the filtered list, and a new one that fits comes [JOB-11]", () =>
  stage.play(seededWorld(), "/jobs?state=running", async ({ page, server }) => {
    const rows = page.getByRole("table").getByRole("row");
    await page.getByRole("table").waitFor();
    expect(await rows.count()).toBe(2);
    await server.heard("fleet");
    server.push("fleet", { type: "job.changed", job: job(running) });
    await page.getByText("No job is like this").waitFor();
    server.push("fleet", {
      type: "job.changed",
      job: job(id("FRESH"), {
        kind: "check",
        state: "queued",
        finished_at: null,
      }),
    });
    await page.getByRole("link", { name: /^Check pg-primary/ }).waitFor();
  }));

test("the jobs of a host are filtered on its own tab [JOB-11]", () =>
  stage.play(
    seededWorld(),
    `/hosts/${job("x").host_id}?tab=jobs`,
    async ({ page }) => {
      await page.getByLabel("State").selectOption("Failed");
      await page.waitForURL(/tab=jobs&state=failed/);
      await shows(page.getByRole("table").getByRole("row"), 2);
      expect(await page.getByLabel("Host", { exact: true }).count()).toBe(0);
    },
  ));

test("forget says what each source group kept and lost, and leads to its repository [MNT-02]", () =>
  stage.play(
    {
      ...seededWorld(),
      jobs: [
        job(running, {
          kind: "forget",
          host_name: "nas-01",
          upkeep: {
            snapshots_before: 739,
            snapshots_after: 730,
            groups: [
              { host: "pg-primary", tag: "default", kept: 31, removed: 9 },
            ],
          },
        }),
      ],
    },
    path,
    async ({ page }) => {
      await page
        .getByRole("heading", { name: "Forget of pg-primary" })
        .waitFor();
      const result = page.getByRole("region", { name: "Result" });
      expect(
        (await result.getByRole("row").last().innerText()).replaceAll(
          /\s+/g,
          " ",
        ),
      ).toBe("default pg-primary 31 9");
      await result.getByText("730").waitFor();
      await page.getByRole("link", { name: "Open repository" }).click();
      await page.getByRole("region", { name: "Upkeep" }).waitFor();
    },
  ));

test("upkeep that waits for the repository says so, and shows what runs [LCK-02]", () =>
  stage.play(
    {
      ...seededWorld(),
      jobs: [
        job(running, {
          kind: "prune",
          state: "queued",
          started_at: null,
          finished_at: null,
        }),
      ],
    },
    path,
    async ({ page }) => {
      await page.getByText("Waits until no other job uses the").waitFor();
      await page.getByRole("link", { name: "Show what runs" }).click();
      await page.waitForURL(/\/jobs\?repository=.*state=running/);
      await page.getByRole("link", { name: /Of one repository/ }).waitFor();
    },
  ));

test("hooks are steps of a backup that has them [HKS-01]", () =>
  stage.play(seededWorld(), path, async ({ page, server }) => {
    await page.getByText("62%").waitFor();
    expect(await page.getByText("Pre-hook").count()).toBe(0);
    await server.heard(topic);
    server.push(topic, {
      type: "job.progress",
      job_id: running,
      progress: progress(0, { phase: "pre_hook" }),
    });
    await page.getByText("Runs the pre-hook").waitFor();
    server.push(topic, {
      type: "job.progress",
      job_id: running,
      progress: progress(3),
    });
    await page.getByText("3%", { exact: true }).waitFor();
    expect(await page.getByText("Pre-hook").count()).toBe(1);
  }));
