import { describe, expect, test } from "bun:test";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import {
  brokenOff as halfOf,
  nothingRestored,
} from "@restic-manager/shared/domain/restore-words.ts";
import type { Page } from "playwright-core";
import { id } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import {
  issuesRestore,
  restoredSnapshot,
  restoreJob,
  runningRestore,
} from "./seed-restores.ts";
import { useStage } from "./stage.ts";
import { seededWorld, userSession } from "./world.ts";

const stage = useStage();
const host = hostDetail("pg-primary").id;

function worldWith(...jobs: ReturnType<typeof restoreJob>[]) {
  const world = seededWorld();
  return { ...world, jobs: [...jobs, ...world.jobs], log: [] };
}

test("a restore that ended says what came back, where to and from which snapshot [RTR-03]", () =>
  stage.play(
    worldWith(restoreJob(id("RESTORED"))),
    `/jobs/${id("RESTORED")}`,
    async ({ page }) => {
      await page
        .getByRole("heading", { level: 1, name: "Restore on pg-primary" })
        .waitFor();
      const result = page.getByRole("region", { name: "Result" });
      await result.getByText("1,204", { exact: true }).waitFor();
      await result.getByText(/^12\.4\sGB$/).waitFor();
      await result.getByText("Left as they were").waitFor();
      const what = page.getByRole("region", { name: "What is restored" });
      await what.getByText("/root/restore-2026-11-28").waitFor();
      await what.getByText("/var/lib/postgresql/16/main").waitFor();
      await what.getByText("replaced if they differ").waitFor();
      const again = await page
        .getByRole("link", { name: "Restore again" })
        .getAttribute("href");
      const query = new URL(again ?? "", "http://x").searchParams;
      expect(query.get("host")).toBe(host);
      expect(query.get("repository")).toBe(id("REPO"));
      expect(query.get("snapshot")).toBe(restoredSnapshot);
      expect(query.getAll("path")).toEqual([
        "/var/lib/postgresql/16/main",
        "/etc/postgresql",
      ]);
      expect(query.get("folder")).toBe("/root/restore-2026-11-28");
      expect(query.get("mode")).toBe(null);
    },
  ));

const looked = {
  code: "cancelled",
  message: `Cancelled by a person. ${nothingRestored}`,
};
const refused = {
  code: "target_refused",
  message: "/etc/app would have to make room.",
};
const cut = { code: "cancelled", message: `Cancelled by a person. ${halfOf}` };

describe("restoring again [RTR-03] [RTR-04]", () => {
  const request = restoreJob(id("BROKEN")).restore_request!;

  /** Ended before it was through, so that it has no result. */
  function brokenOff(
    more: Partial<typeof request>,
    error: Job["error"] = null,
  ) {
    return worldWith(
      restoreJob(id("BROKEN"), {
        state: "cancelled",
        error,
        restore: error === null ? null : { errors: 0, target: null },
        restore_request: { ...request, ...more },
      }),
    );
  }

  async function again(page: Page): Promise<URLSearchParams> {
    const link = page.getByRole("link", { name: "Restore again" });
    const href = await link.getAttribute("href");
    return new URL(href ?? "", "http://x").searchParams;
  }

  const paths = Array.from({ length: 80 }, (_, n) => `/srv/shop/photo-${n}`);

  test("what was to go in place goes in place on the same host, with all of its files", () =>
    stage.play(
      brokenOff({
        snapshot_id: seededWorld().snapshots[0]!.id,
        paths,
        target: { mode: "in_place" },
        overwrite: "always",
        from_host_id: hostDetail("nas-01").id,
      }),
      `/jobs/${id("BROKEN")}`,
      async ({ page }) => {
        await page.getByRole("link", { name: "Restore again" }).click();
        await page.getByLabel("Leave out /srv/shop/photo-79").waitFor();
        await page.locator(".foot").getByText("Choose destination").click();
        await page
          .getByRole("radio", { name: "Where they came from", checked: true })
          .waitFor();
        expect(
          await page.getByLabel("Files that are there already").inputValue(),
        ).toBe("always");
        expect(new URL(page.url()).searchParams.get("host")).toBe(host);
      },
    ));

  test("what was to go to another host goes into the folder of that job there, and repairs what is half written", () =>
    stage.play(
      brokenOff({
        target: { mode: "new_directory", path: "$HOME/rm-restore/<job-id>" },
        overwrite: "never",
        strip: "/var/lib",
        from_host_id: hostDetail("nas-01").id,
      }),
      `/jobs/${id("BROKEN")}`,
      async ({ page }) => {
        const query = await again(page);
        const said = ["host", "mode", "to", "folder", "strip", "overwrite"];
        expect(said.map((name) => query.get(name))).toEqual([
          hostDetail("nas-01").id,
          "other",
          host,
          `$HOME/rm-restore/${id("BROKEN")}`,
          "/var/lib",
          null,
        ]);
      },
    ));

  test.each([
    ["only looked keeps its rule", looked, "never"],
    ["was refused keeps its rule", refused, "never"],
    ["may have left half a file does not keep it", cut, null],
  ])("what %s", (_what, error, rule) =>
    stage.play(
      brokenOff({ target: { mode: "in_place" }, overwrite: "never" }, error),
      `/jobs/${id("BROKEN")}`,
      async ({ page }) => {
        expect((await again(page)).get("overwrite")).toBe(rule);
      },
    ),
  );

  test("what succeeded keeps its rule", () =>
    stage.play(
      worldWith(
        restoreJob(id("RESTORED"), {
          restore_request: { ...request, overwrite: "never" },
        }),
      ),
      `/jobs/${id("RESTORED")}`,
      async ({ page }) => {
        expect((await again(page)).get("overwrite")).toBe("never");
      },
    ));

  test("more paths than fit into an address are none, and the page says so", () =>
    stage.play(
      brokenOff({
        snapshot_id: seededWorld().snapshots[0]!.id,
        paths: paths.map((path) => `${path}/${"long".repeat(20)}`),
      }),
      `/jobs/${id("BROKEN")}`,
      async ({ page }) => {
        await page.getByRole("link", { name: "Restore again" }).click();
        await page
          .getByText("80 paths would be too long for an address")
          .waitFor();
        expect(new URL(page.url()).searchParams.has("path")).toBe(false);
        await page.getByLabel("Everything").check();
        await page.getByText("41,882 files").first().waitFor();
        expect(new URL(page.url()).searchParams.has("left_out")).toBe(false);
      },
    ));
});

test("a running restore shows how far it is, and that it overwrites in place what is another host's [RTR-03] [RTR-04]", () =>
  stage.play(
    worldWith(runningRestore()),
    `/jobs/${id("RESTORING")}`,
    async ({ page }) => {
      await page.getByText("41%").waitFor();
      await page.getByText(/1m 15s left at 98\sMB\/s/).waitFor();
      await page.getByText(/5\.1\sGB of 12\.4\sGB/).waitFor();
      await page.getByText("where it was, in place").waitFor();
      const what = page.getByRole("region", { name: "What is restored" });
      expect(
        await what.getByRole("link", { name: "nas-01" }).getAttribute("href"),
      ).toBe(`/hosts/${hostDetail("nas-01").id}`);
      await page.getByRole("button", { name: "Cancel job" }).waitFor();
    },
  ));

test("owners that could not be set are said on the page of the job [RTR-03]", () =>
  stage.play(
    worldWith(issuesRestore()),
    `/jobs/${id("OWNERS")}`,
    async ({ page }) => {
      await page
        .getByText(/2 files were restored without their owner/)
        .waitFor();
      await page.getByText("2 issues").waitFor();
    },
  ));

test("a viewer sees a restore, and no way into the snapshot [UI-12]", () =>
  stage.play(
    {
      ...worldWith(restoreJob(id("RESTORED"))),
      session: userSession("viewer"),
    },
    `/jobs/${id("RESTORED")}`,
    async ({ page }) => {
      await page.getByText("/root/restore-2026-11-28").waitFor();
      expect(
        await page.getByRole("link", { name: "Restore again" }).count(),
      ).toBe(0);
      expect(await page.getByRole("link", { name: "d64db632" }).count()).toBe(
        0,
      );
    },
  ));

test("a host's page shows its recent restores [RTR-03]", () =>
  stage.play(
    worldWith(restoreJob(id("RESTORED")), issuesRestore()),
    `/hosts/${host}`,
    async ({ page }) => {
      const recent = page.getByRole("region", { name: "Recent restores" });
      await recent.getByText("1,204 files restored").waitFor();
      expect(
        await recent
          .getByRole("link", { name: "Succeeded" })
          .getAttribute("href"),
      ).toBe(`/jobs/${id("RESTORED")}`);
      await recent.getByRole("link", { name: "All" }).click();
      await page
        .getByRole("link", { name: /^Restore/ })
        .first()
        .waitFor();
      expect(await page.getByLabel("Kind").inputValue()).toBe("restore");
    },
  ));
