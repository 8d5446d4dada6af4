import { expect, test } from "bun:test";
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
    },
  ));

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
