import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { at, now } from "./moments.ts";
import { fingerprints, hostDetail, pendingHost } from "./seed-hosts.ts";
import { useStage } from "./stage.ts";
import { emptyWorld, seededWorld, userSession } from "./world.ts";

const stage = useStage();

function row(page: Page, host: string) {
  return page
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: host, exact: true }) });
}

async function shownHosts(page: Page): Promise<string[]> {
  return page
    .getByRole("table", { name: "Hosts" })
    .getByRole("row")
    .locator(".name a")
    .allInnerTexts();
}

test("each state has its shape, word, reason and action [UI-02]", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    const cases = [
      ["ws-erika", "Failed", "The repository is locked", "Retry"],
      ["media-box", "Offline", "Agent last seen 3d ago", "Run now"],
      ["mail-01", "Degraded", "14 files could not be read", "Run now"],
      ["build-runner", "No backup yet", "Accepted 12m ago", "Run first"],
      ["new-nas", "No backup yet", "Set-up is not finished", "Set up"],
      ["pg-primary", "Running", "Backing up", "View"],
      ["web-01", "Healthy", "84 MB added", "Run now"],
    ] as const;
    for (const [host, word, reason, action] of cases) {
      await row(page, host)
        .getByRole("img", { name: word, exact: true })
        .waitFor();
      await row(page, host).getByText(reason).waitFor();
      expect(
        await row(page, host).getByText(action, { exact: true }).count(),
      ).toBe(1);
    }
    // Two hours ago it only failed.
    await row(page, "ws-erika").getByText("2d ago").waitFor();
    expect(await row(page, "media-box").getByRole("button").isDisabled()).toBe(
      true,
    );
    expect(
      await row(page, "media-box").getByRole("button").getAttribute("title"),
    ).toBe("The agent is offline");
    expect((await shownHosts(page)).slice(0, 4)).toEqual([
      "ws-erika",
      "media-box",
      "mail-01",
      "pg-primary",
    ]);
  }));

test("filters, search and sorting stand in the address and survive a reload [UI-11]", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    await page.getByRole("button", { name: "Healthy 7" }).click();
    await page.keyboard.press("/");
    await page.keyboard.type("web");
    await page.getByRole("button", { name: "Host", exact: true }).click();
    expect(await shownHosts(page)).toEqual(["web-01", "web-02"]);
    expect(new URL(page.url()).search).toBe("?state=healthy&q=web&sort=name");
    await page.reload();
    await row(page, "web-01").waitFor();
    expect(await shownHosts(page)).toEqual(["web-01", "web-02"]);
    expect(await page.getByLabel("Filter hosts").inputValue()).toBe("web");
    await page.getByLabel("Filter hosts").fill("nothing like it");
    await page.getByRole("button", { name: "Clear filters" }).click();
    expect(await shownHosts(page)).toHaveLength(13);
  }));

test("the headline leads to the hosts that need attention", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    await page
      .getByText("8 of 13 hosts backed up in the last 24 hours.")
      .waitFor();
    await page.getByRole("link", { name: "3 need attention" }).click();
    await page.getByRole("button", { name: "Needs attention 3" }).waitFor();
    expect(await shownHosts(page)).toEqual([
      "ws-erika",
      "media-box",
      "mail-01",
    ]);
  }));

test("j, k and Enter walk the table, and the focus goes to the heading of the page they open", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    await row(page, "ws-erika").waitFor();
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/hosts/*");
    const heading = page.getByRole("heading", { level: 1, name: "media-box" });
    await heading.waitFor();
    await page.waitForFunction(
      () =>
        document.querySelector("rm-page-host")?.shadowRoot?.activeElement
          ?.tagName === "H1",
    );
    expect(await page.title()).toBe("media-box · restic-manager");
  }));

test("Run now starts a backup of the host's source group and opens its job [JOB-02]", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    await page.getByRole("button", { name: "Run now on web-01" }).click();
    await page.getByRole("heading", { name: "Backup of web-01" }).waitFor();
    expect(server.sent).toEqual([
      {
        method: "POST",
        path: `/api/hosts/${hostDetail("web-01").id}/jobs`,
        body: { kind: "backup", source_group_id: server.world.sources[0]?.id },
        csrf: "csrf-of-the-test",
      },
    ]);
  }));

test("a refused run says why and stays where one is [JOB-03]", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    const message =
      "The host is offline; nothing was queued. Try again when it is back.";
    server.refuse(`POST /api/hosts/${hostDetail("web-01").id}/jobs`, {
      status: 503,
      code: "host_offline",
      message,
    });
    await page.getByRole("button", { name: "Run now on web-01" }).click();
    await page.getByText(message).waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
  }));

test("a row changes and a waiting host appears without reload [SSE-02]", () =>
  stage.play(
    { ...seededWorld(), pending: [] },
    "/",
    async ({ page, server }) => {
      await row(page, "web-01").getByRole("img", { name: "Healthy" }).waitFor();
      await server.heard("fleet");
      const failed = hostDetail("web-01", {
        health: "failed",
        last: 0.01,
        error: "There is no space left where the repository is stored.",
      });
      server.push("fleet", { type: "host.changed", host: failed });
      await row(page, "web-01").getByText("There is no space left").waitFor();
      expect((await shownHosts(page))[0]).toBe("web-01");
      server.push("fleet", {
        type: "pending.changed",
        pending: [pendingHost("fresh", fingerprints.laptop)],
      });
      await page
        .getByRole("heading", { name: "1 host is waiting for approval" })
        .waitFor();
    },
  ));

test("relative times change by themselves [UI-15]", () =>
  stage.play(
    { ...seededWorld(), hosts: [hostDetail("web-01", { last: 0.05 })] },
    "/",
    async ({ page }) => {
      await row(page, "web-01").getByText("3m ago").waitFor();
      await page.clock.runFor(2 * 60_000);
      await row(page, "web-01").getByText("5m ago").waitFor();
    },
    { fakeTimers: true },
  ));

test.each([
  ["http://127.0.0.1:8080", "only this machine"],
  ["http://backup.example.net:8080", "This is plain HTTP"],
])(
  "an address that serves other hosts badly, %s, is said to [UI-02]",
  (url, words) =>
    stage.play({ ...emptyWorld(), url }, "/", async ({ page }) => {
      await page.getByText(words).waitFor();
    }),
);

test("over HTTPS there is nothing to be careful about [UI-02]", () =>
  stage.play(
    { ...emptyWorld(), url: "https://backup.example.net" },
    "/",
    async ({ page }) => {
      await page.getByText(/^restic-manager-agent enrol https/).waitFor();
      expect(await page.getByText("plain HTTP").count()).toBe(0);
    },
  ));

test("without hosts the page gives the command with the server's key, for each system [UI-02] [ENR-16]", () =>
  stage.play(emptyWorld(), "/", async ({ page, server }) => {
    const command = page.getByText(/^restic-manager-agent enrol/);
    expect(await command.innerText()).toBe(
      `restic-manager-agent enrol http://backup.example.net:8080 --server-key ${server.world.version.server_key}`,
    );
    await page
      .getByText("sudo bash install.sh --server http://backup.example.net:8080")
      .waitFor();
    await page.getByRole("button", { name: "Windows" }).click();
    await page.getByText(".\\restic-manager-agent.exe enrol").waitFor();
    await server.heard("fleet");
    server.push("fleet", {
      type: "pending.changed",
      pending: [pendingHost("fresh", fingerprints.laptop)],
    });
    await page.getByText("fresh has announced itself").waitFor();
    await page.getByRole("button", { name: "Accept fresh" }).waitFor();
  }));

test("Add host waits, and shows the host to approve when it announces itself [UI-05]", () =>
  stage.play(
    { ...seededWorld(), pending: [] },
    "/",
    async ({ page, server }) => {
      await page.getByRole("link", { name: "Add host" }).first().click();
      await page.getByRole("dialog", { name: "Add host" }).waitFor();
      await page.getByText("Listening for announcements").waitFor();
      await server.heard("fleet");
      server.push("fleet", {
        type: "pending.changed",
        pending: [pendingHost("fresh", fingerprints.laptop)],
      });
      await page.getByRole("button", { name: "Accept fresh" }).last().click();
      await page.getByRole("dialog", { name: "Accept fresh" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.waitForURL((url) => url.search === "");
    },
  ));

test("when the server is gone the page says since when, keeps its data, and recovers by itself [SSE-03]", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    await page.getByText("Live", { exact: true }).first().waitFor();
    server.dropLive({ refusing: true });
    await page.getByText("Reconnecting", { exact: true }).first().waitFor();
    await page.getByText("Server not reachable since 10:41.").waitFor();
    await row(page, "web-01").waitFor();
    server.world.hosts.push(hostDetail("made-meanwhile"));
    server.acceptLive();
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.getByText("Live", { exact: true }).first().waitFor();
    await row(page, "made-meanwhile").waitFor();
    expect(await page.getByText("Server not reachable").count()).toBe(0);
  }));

test("a viewer is not shown what the API would refuse [UI-12]", () =>
  stage.play(
    { ...seededWorld(), session: userSession("viewer") },
    "/",
    async ({ page }) => {
      await row(page, "pg-primary")
        .getByRole("link", { name: "View pg-primary" })
        .waitFor();
      await page.getByText("2 hosts are waiting for approval").waitFor();
      for (const name of [
        /^Run (now|first) on/,
        /^Retry/,
        /^Accept/,
        /^Reject/,
      ]) {
        expect(await page.getByRole("button", { name }).count()).toBe(0);
      }
      expect(await page.getByRole("link", { name: "Add host" }).count()).toBe(
        0,
      );
    },
  ));

test("a first load that fails says why, and Try again loads it", () =>
  stage.play(
    seededWorld(),
    "/",
    async ({ page, server }) => {
      await page.getByText("internal · request req-1").waitFor();
      server.refuse("GET /api/hosts", null);
      await page.getByRole("button", { name: "Try again" }).click();
      await row(page, "web-01").waitFor();
    },
    {
      prepare: (server) =>
        server.refuse("GET /api/hosts", {
          status: 500,
          code: "internal",
          message: "Something went wrong here.",
        }),
    },
  ));

test("the theme that a person chooses holds, also before the first paint of the next visit", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    const background = () =>
      page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await row(page, "web-01").waitFor();
    const light = await background();
    await page
      .getByRole("button", { name: "Switch to dark theme" })
      .first()
      .click();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload({ waitUntil: "domcontentloaded" });
    expect(await background()).toBe(dark);
  }));

test("the sidebar counts running jobs", () =>
  stage.play(seededWorld(), "/", async ({ page, server }) => {
    const jobs = page
      .getByRole("navigation", { name: "Main", exact: true })
      .getByRole("link", { name: /^Jobs/ });
    await jobs.getByText("1 running").waitFor();
    await server.heard("fleet");
    const done = hostDetail("pg-primary", { last: 0.01 });
    server.push("fleet", {
      type: "host.changed",
      host: { ...done, last_seen_at: at(now) },
    });
    await row(page, "pg-primary")
      .getByRole("img", { name: "Healthy" })
      .waitFor();
    expect(await jobs.innerText()).toBe("Jobs");
  }));

test("tags are chips with counts, several narrow, and the address keeps them [UI-11]", () =>
  stage.play(seededWorld(), "/", async ({ page }) => {
    const rows = page.getByRole("table").getByRole("row");
    await page.getByRole("button", { name: "prod 3" }).click();
    await page.waitForURL(/tags=prod/);
    expect(await rows.count()).toBe(4);
    await page.getByRole("button", { name: "db 1" }).click();
    await page.waitForURL((url) => url.searchParams.get("tags") === "prod,db");
    expect(await rows.count()).toBe(2);
    await page.reload();
    await page.getByRole("button", { name: "db 1", pressed: true }).waitFor();
    expect(await rows.count()).toBe(2);
    await page.getByRole("button", { name: "prod 1" }).click();
    await page.waitForURL((url) => url.searchParams.get("tags") === "db");
    await page.getByRole("button", { name: "db 1" }).click();
    await page.getByRole("link", { name: "homelab" }).first().click();
    await page.waitForURL(/tags=homelab/);
    expect(await rows.count()).toBe(4);
  }));
