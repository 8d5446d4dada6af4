import { recommendedRestic } from "@restic-manager/shared/domain/restic-version.ts";
import { expect, test } from "bun:test";
import { at, id, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { job } from "./seed-jobs.ts";
import {
  lock,
  maintenance,
  noAdmin,
  repository,
  repositoryId,
  upkeep,
} from "./seed-repositories.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const stage = useStage();
const path = `/repositories/${repositoryId}`;

function worldWith(
  more: Parameters<typeof repository>[0] = {},
  ofMaintenance: Parameters<typeof maintenance>[0] = {},
): World {
  return {
    ...seededWorld(),
    repositories: [repository(more)],
    maintenance: maintenance(ofMaintenance),
  };
}

const neglected = {
  admin: noAdmin,
  append_only: "proven",
  retention: { state: "not_enforced", reason: "admin_credential_missing" },
} as const;

test("a repository says how much it stores, when it was checked and who uses it [UI-07]", () =>
  stage.play(worldWith(), path, async ({ page }) => {
    await page.getByRole("heading", { name: "pg-primary" }).waitFor();
    const words = (await page.locator(".vitals").innerText()).replaceAll(
      /\s+/g,
      " ",
    );
    expect(words).toBe(
      "Stored 1.2 TB counted 7h ago Before deduplication 3.6 TB 3.0× of what is stored Snapshots 730 listed 8h ago Integrity check Passed 21d ago Last prune 7d ago 15 Nov, 10:41 Lock Free nobody holds it",
    );
    await page
      .getByRole("region", { name: "Hosts" })
      .getByRole("link", { name: "pg-primary" })
      .waitFor();
  }));

test("retention that nobody enforces is said with its reason, and setting the admin credential is one click away [MNT-03]", () =>
  stage.play(worldWith(neglected), path, async ({ page, server }) => {
    await page
      .getByText("Retention is not enforced: forget needs access that may")
      .waitFor();
    const forget = page.getByRole("button", { name: /^Run now: forget/ });
    expect(await forget.isDisabled()).toBe(true);
    expect(await forget.getAttribute("title")).toBe(
      "Set an admin credential first",
    );
    await page.getByRole("button", { name: "Set admin credential" }).click();
    const save = page.getByRole("button", { name: "Save admin credential" });
    await save.click();
    await page.getByText("Name another address, or give another").waitFor();
    await page.getByLabel("Another address").fill("vault.lan");
    await page.getByText("Use https://…, s3:…").waitFor();
    await page.getByLabel("User", { exact: true }).fill("keeper");
    await page
      .getByLabel("Another address")
      .fill("https://vault.lan:8001/pg-primary/");
    await page
      .getByText("restic calls it rest:https://vault.lan:8001")
      .waitFor();
    await page.getByLabel("Password of the user").fill("deletes");
    server.world.repositories = [repository()];
    await save.click();
    await page.getByText("The admin credential is set").waitFor();
    await page
      .getByText("Retention is not enforced")
      .waitFor({ state: "detached" });
    expect(await forget.isDisabled()).toBe(false);
    expect(server.sent.map(({ path: to, body }) => [to, body])).toEqual([
      [
        `/api/repositories/${repositoryId}/admin-credential`,
        {
          url: "rest:https://vault.lan:8001/pg-primary/",
          username: "keeper",
          user_password: "deletes",
        },
      ],
    ]);
  }));

test("an access that may delete already needs no second one [MNT-03]", () =>
  stage.play(worldWith(neglected), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Set the admin" }).click();
    await page.getByText("The same access").click();
    await page.getByRole("button", { name: "Save admin credential" }).click();
    await page.getByText("The admin credential is set").waitFor();
    expect(server.sent.map(({ body }) => body)).toEqual([{}]);
  }));

test("when forget was refused with the hosts' own access, another one is asked for [MNT-03]", () =>
  stage.play(
    worldWith(
      {
        admin: { ...noAdmin, set: true },
        append_only: "proven",
        retention: { state: "not_enforced", reason: "forget_failing" },
      },
      { upkeep: [upkeep("forget", 17, 7, "failed")] },
    ),
    path,
    async ({ page, server }) => {
      await page.getByText("own access, and that cannot delete.").waitFor();
      await page.getByRole("button", { name: "Set another access" }).click();
      await page.getByLabel("Another address").waitFor();
      await page.getByRole("button", { name: "Save admin" }).click();
      await page.getByText("Name another address, or give").waitFor();
      expect(server.sent).toEqual([]);
    },
  ));

test("the admin credential can be taken away, and an emptied address goes with its secrets kept [CRD-02]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Replace the admin" }).click();
    expect(await page.getByLabel("Password of the user").inputValue()).toBe("");
    await page.getByLabel("Another address").fill("");
    await page.getByRole("button", { name: "Save admin credential" }).click();
    await page.getByText("The admin credential is set").waitFor();
    await page.getByRole("button", { name: "Replace the admin" }).click();
    await page.getByRole("button", { name: "Delete admin credential" }).click();
    const asked = page.locator("rm-delete-dialog");
    await asked.getByText("every snapshot stays").waitFor();
    expect(server.sent).toHaveLength(1);
    await asked
      .getByRole("button", { name: "Delete admin credential" })
      .click();
    await page.getByText("The admin credential is deleted").waitFor();
    await asked.waitFor({ state: "detached" });
    await page.getByText("None. Forget and prune need access").waitFor();
    expect(server.sent.map(({ method, body }) => [method, body])).toEqual([
      ["PUT", { url: null, username: "keeper" }],
      ["DELETE", {}],
    ]);
  }));

test("prune asks for the repository's name, then opens its job [MNT-06]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Run now: prune" }).click();
    const confirm = page.getByRole("button", { name: "Prune repository" });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel("Type pg-primary to go on").fill("pg-primary");
    await confirm.click();
    await page.waitForURL(/\/jobs\//);
    await page.getByRole("heading", { name: "Prune of pg-primary" }).waitFor();
    expect(server.sent.map(({ path: to, body }) => [to, body])).toEqual([
      [`/api/repositories/${repositoryId}/prune`, {}],
    ]);
  }));

test("a check reads as much as a person says, and what the server refuses stays in the dialog [MNT-04]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Run now: check" }).click();
    const subset = page.getByLabel("Part of the data to read");
    expect(await subset.inputValue()).toBe("5");
    await subset.fill("100");
    const route = `POST ${path.replace("/", "/api/")}/check`;
    server.refuse(route, {
      status: 503,
      code: "host_offline",
      message: "The host is offline; nothing was queued.",
    });
    await page.getByRole("button", { name: "Check repository" }).click();
    await page.getByText("The host is offline; nothing was queued.").waitFor();
    server.refuse(route, null);
    await page.getByRole("button", { name: "Check repository" }).click();
    await page.waitForURL(/\/jobs\//);
    expect(server.sent.map(({ body }) => body)).toEqual([
      { subset_pct: 100 },
      { subset_pct: 100 },
    ]);
  }));

test("a stale lock is named with its host; when it is removed the banner goes [MNT-05]", () =>
  stage.play(
    worldWith({ stats: { ...repository().stats, locks: [lock()] } }),
    path,
    async ({ page, server }) => {
      await page.getByText("1 stale lock of web-01").waitFor();
      await page.getByText("root@web-01").waitFor();
      await server.heard("fleet");
      server.push("fleet", {
        type: "repository.changed",
        repository: repository(),
        host_ids: repository().host_ids,
      });
      await page
        .getByText("1 stale lock of web-01")
        .waitFor({ state: "detached" });
      await page.getByText("Nobody holds the repository.").waitFor();
      await page.getByRole("button", { name: "Remove stale locks" }).click();
      await page.waitForURL(/\/jobs\//);
      expect(server.sent.map(({ path: to }) => to)).toEqual([
        `/api/repositories/${repositoryId}/unlock`,
      ]);
    },
  ));

test("who may only run jobs sees check and unlock, not what deletes [MNT-06]", () =>
  stage.play(
    { ...worldWith(neglected), session: userSession("operator") },
    path,
    async ({ page }) => {
      await page.getByRole("button", { name: "Run now: check" }).waitFor();
      await page.getByRole("button", { name: "Remove stale locks" }).waitFor();
      for (const name of [
        /^Run now: (forget|prune)/,
        "Remove all locks",
        "Re-initialise",
        "Change upkeep",
        /admin credential/,
      ])
        expect(await page.getByRole("button", { name }).count()).toBe(0);
    },
  ));

test("a viewer sees how the repository stands and can change nothing [UI-12]", () =>
  stage.play(
    { ...worldWith(neglected), session: userSession("viewer") },
    path,
    async ({ page }) => {
      await page.getByText("Retention is not enforced").waitFor();
      await page.getByRole("region", { name: "Upkeep" }).waitFor();
      expect(await page.locator("main").getByRole("button").count()).toBe(0);
    },
  ));

test("upkeep shows when it ran and will run, and why it was left out [MNT-01]", () =>
  stage.play(
    worldWith(
      {},
      {
        upkeep: [
          upkeep("forget", 17, 7),
          upkeep("prune", 162, 24 * 9, "succeeded", {
            at: at(now),
            reason: "host_offline",
          }),
          upkeep("check", 211, 21 * 24, "failed"),
        ],
      },
    ),
    path,
    async ({ page }) => {
      const row = (kind: string) =>
        page.getByRole("listitem").filter({ hasText: kind });
      await row("Forget").getByText("in 17h").waitFor();
      await row("Forget").getByText("Daily at 03:00").waitFor();
      await row("Prune")
        .getByText("Left out 22 Nov, 10:41: the host that does it was offline.")
        .waitFor();
      await row("Check").getByText("The last one failed.").waitFor();
      expect(
        await row("Check").getByRole("link").first().getAttribute("href"),
      ).toBe(`/jobs/${id("LASTcheck")}`);
    },
  ));

test("upkeep is changed: times, what is on, what a check reads and which host does it [MNT-01] [MNT-07]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByText("Done by nas-01. Times are of Europe").waitFor();
    await page.getByRole("button", { name: "Change upkeep" }).click();
    await page.getByLabel("When forget runs").fill("30 1 * * *");
    await page.getByText("Daily at 01:30").waitFor();
    await page.getByLabel("Prune runs by itself").uncheck();
    await page.getByLabel("Part of the data").fill("200");
    await page.getByRole("button", { name: "Save upkeep" }).click();
    await page.getByText("Use a number from 0 to 100.").waitFor();
    await page.getByLabel("Part of the data").fill("10");
    await page
      .getByLabel("Done by")
      .selectOption({ label: "media-box, offline" });
    await page.getByRole("button", { name: "Save upkeep" }).click();
    await page.getByText("Upkeep is changed").waitFor();
    await page.getByText("Switched off.").waitFor();
    await page.getByText("Done by media-box, which is offline.").waitFor();
    expect(server.sent.map(({ body }) => body)).toEqual([
      {
        forget: { cron: "30 1 * * *", enabled: true },
        prune: { cron: "0 4 * * 0", enabled: false },
        check: { cron: "0 5 1 * *", enabled: true },
        check_subset_pct: 10,
        runner_host_id: hostDetail("media-box").id,
      },
    ]);
  }));

test("a cron text that the server refuses is said at its field [MNT-01]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    server.refuse(`PUT ${path.replace("/", "/api/")}/maintenance`, {
      status: 400,
      code: "invalid_request",
      message: "The request is not valid.",
      fields: {
        "check.cron": {
          code: "invalid",
          message: "Use five cron fields, for example 30 2 * * *.",
        },
      },
    });
    await page.getByRole("button", { name: "Change upkeep" }).click();
    await page.getByLabel("When check runs").fill("never");
    await page.getByRole("button", { name: "Save upkeep" }).click();
    await page.getByText("Use five cron fields").waitFor();
    expect(
      await page.getByLabel("When check runs").getAttribute("aria-invalid"),
    ).toBe("true");
  }));

test("a lost repository is made anew by its name, and only by who may [UI-07]", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByRole("button", { name: "Re-initialise" }).click();
    await page.getByLabel("Type pg-primary to go on").fill("pg-primary");
    await page
      .getByRole("button", { name: "Re-initialise repository" })
      .click();
    await page.waitForURL(/\/jobs\//);
    expect(server.sent.map(({ path: to, body }) => [to, body])).toEqual([
      [`/api/repositories/${repositoryId}/reinit`, { name: "pg-primary" }],
    ]);
  }));

test("upkeep that ends is shown without a reload", () =>
  stage.play(worldWith(), path, async ({ page, server }) => {
    await page.getByText("7h ago", { exact: true }).waitFor();
    await server.heard("fleet");
    server.world.maintenance = maintenance({
      upkeep: [upkeep("forget", 17, 0), upkeep("prune", 1, 1)],
    });
    const ended = job(id("ENDED"), {
      kind: "forget",
      host_name: "nas-01",
      repository_id: repositoryId,
      queued_at: at(now),
    });
    server.push("fleet", { type: "job.changed", job: ended });
    await page
      .getByRole("region", { name: "Upkeep" })
      .getByText("just now")
      .waitFor();
  }));

test("a repository that does not exist says so", () =>
  stage.play(
    seededWorld(),
    `/repositories/${id("NOWHERE")}`,
    async ({ page }) => {
      await page.getByText("This repository is not here").waitFor();
    },
  ));

test("an old restic is said on its host, with what it cannot do [RST-06]", () =>
  stage.play(
    {
      ...seededWorld(),
      hosts: [
        {
          ...hostDetail("pg-primary"),
          restic: { ...hostDetail("pg-primary").restic!, version: "0.14.0" },
        },
      ],
    },
    `/hosts/${hostDetail("pg-primary").id}`,
    async ({ page, server }) => {
      const card = page.getByRole("region", { name: "Old restic" });
      await card.getByText("It does not tell the size").waitFor();
      await card
        .getByText(`${recommendedRestic} or newer has none of this`)
        .waitFor();
      server.world.hosts = [hostDetail("pg-primary")];
      await page.reload();
      await page.getByRole("heading", { name: "Machine" }).waitFor();
      expect(await card.count()).toBe(0);
    },
  ));
