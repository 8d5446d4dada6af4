import { expect, test } from "bun:test";
import { id } from "./moments.ts";
import { logLine } from "./seed-jobs.ts";
import { useStage } from "./stage.ts";
import { seededWorld } from "./world.ts";

const stage = useStage();
const running = id("RUNpg-primary");
const topic = `job:${running}` as const;

test("a fault of the stream is told by code and request id, and what may be missing is fetched again [SSE-05]", () =>
  stage.play(seededWorld(), "/", async ({ page, server, complaints }) => {
    await page.getByRole("table", { name: "Hosts" }).waitFor();
    await server.heard("fleet");
    const [unheard] = server.world.hosts;
    server.world.hosts = server.world.hosts.filter((host) => host !== unheard);
    server.push("fleet", {
      type: "error",
      code: "internal",
      message:
        "Something went wrong here; the server's log has the request id.",
      request_id: "01JDZREQUEST",
    });
    const alert = page.getByRole("alert");
    await alert.getByText("internal · request 01JDZREQUEST").waitFor();
    await alert.getByText("Something went wrong here").waitFor();
    await page
      .getByRole("row")
      .filter({ hasText: unheard!.name })
      .waitFor({ state: "detached" });
    await alert.getByRole("button", { name: "Dismiss" }).click();
    await alert.waitFor({ state: "detached" });
    await page.getByText("Live", { exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
  }));

test("a log that cannot be fetched says why, by code and request id, and goes on with the next connection [SSE-05]", () =>
  stage.play(
    seededWorld(),
    `/jobs/${running}`,
    async ({ page, server }) => {
      const log = page.getByRole("log");
      await log.getByText("(internal, request req-1)").waitFor();
      server.refuse(`GET /api/jobs/${running}/log`, null);
      server.dropLive({ refusing: false });
      await page.getByText("386 lines").waitFor();
      expect(await log.getByText("req-1").count()).toBe(0);
    },
    {
      prepare: (server) =>
        server.refuse(`GET /api/jobs/${running}/log`, {
          status: 500,
          code: "internal",
          message: "Something went wrong here.",
        }),
    },
  ));

test("a log loses and doubles no line while the connection is cut again and again [SSE-04]", () =>
  stage.play(seededWorld(), `/jobs/${running}`, async ({ page, server }) => {
    await page.getByText("386 lines").waitFor();
    let next = 387;
    const say = (lines: number, heard: boolean) => {
      const fresh = Array.from({ length: lines }, () => {
        const line = logLine(next, { l: `unique line ${next}` });
        next += 1;
        return line;
      });
      server.world.log.push(...fresh);
      if (!heard) return;
      // A stream that resumes tells again what was told.
      const told = server.world.log.slice(-lines - 1);
      server.push(topic, { type: "job.log", job_id: running, lines: told });
    };
    for (let cut = 0; cut < 3; cut += 1) {
      await server.heard(topic);
      say(3, true);
      say(2, false);
      server.dropLive({ refusing: false });
      say(2, true);
      await page.getByText(`${next - 1} lines`).waitFor();
    }
    const numbers = await page
      .getByRole("log")
      .locator(".text")
      .evaluateAll((texts) =>
        texts.flatMap((text) => {
          const [, n] =
            /^unique line (\d+)$/.exec(text.textContent ?? "") ?? [];
          return n === undefined ? [] : [Number(n)];
        }),
      );
    expect(numbers).toEqual(
      Array.from({ length: next - 387 }, (_, index) => 387 + index),
    );
  }));

test("leaving a job's page ends its subscription, and closing the tab ends all of them [RES-02]", () =>
  stage.play(seededWorld(), `/jobs/${running}`, async ({ page, server }) => {
    await server.heard(topic);
    await page.getByRole("link", { name: "Jobs" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
    await server.silent(topic);
    await server.heard("fleet");
    await page.close();
    await server.silent("fleet");
  }));

test("two browsers see the same lines, and one that is stuck holds nobody up [JOB-06]", () =>
  stage.play(seededWorld(), `/jobs/${running}`, async ({ page, server }) => {
    const other = await page.context().newPage();
    const stuck = await page.context().newPage();
    for (const tab of [other, stuck]) {
      await tab.goto(page.url());
      await tab.getByText("386 lines").waitFor();
    }
    // A page whose script never comes to an end reads nothing of what arrives.
    const busy = stuck.evaluate("for (;;) {}").catch(() => {});
    for (let n = 387; n <= 400; n += 1) {
      const line = logLine(n, { l: `shared line ${n}` });
      server.world.log.push(line);
      server.push(topic, { type: "job.log", job_id: running, lines: [line] });
    }
    for (const tab of [page, other])
      await tab.getByText("shared line 400").waitFor({ state: "attached" });
    // Not `innerText`, which leaves out what is scrolled away.
    const shown = await Promise.all(
      [page, other].map((tab) => tab.getByRole("log").textContent()),
    );
    expect(shown[0]).toContain("shared line 387");
    expect(shown[1]).toBe(shown[0]);
    await stuck.close();
    await busy;
  }));
