import { readyIndex } from "./fixture-trees.ts";
import { id } from "./moments.ts";
import type { Screen } from "./screen.ts";
import { hostDetail } from "./seed-hosts.ts";
import { issuesRestore, restoreJob, runningRestore } from "./seed-restores.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const host = hostDetail("pg-primary").id;
const [newest, before] = seededWorld().snapshots;
const diff = `/diff?host=${host}&repository=${id("REPO")}&a=${before?.id}&b=${newest?.id}`;

function restoringWorld(): World {
  const world = seededWorld();
  return {
    ...world,
    jobs: [
      runningRestore(),
      restoreJob(id("RESTORED")),
      issuesRestore(),
      ...world.jobs,
    ],
  };
}

/** What there is to see of snapshots beside the restore itself. */
export const snapshotScreens: readonly Screen[] = [
  {
    name: "snapshots-compare",
    path: `/hosts/${host}?tab=snapshots`,
    world: seededWorld,
    async ready(page) {
      const boxes = page.getByRole("checkbox");
      await boxes.nth(0).check();
      await boxes.nth(2).check();
      await page.getByRole("link", { name: "Compare" }).waitFor();
    },
  },
  {
    name: "snapshots-viewer",
    path: `/hosts/${host}?tab=snapshots`,
    world: () => ({ ...seededWorld(), session: userSession("viewer") }),
    ready: (page) => page.getByText(/^newest first/).waitFor(),
  },
  {
    name: "diff",
    path: diff,
    world: seededWorld,
    async ready(page) {
      await page.getByRole("row", { name: /etc/ }).click();
      await page.getByRole("row", { name: /srv/ }).click();
      await page.getByText("notes.txt").waitFor();
      await page.getByText("passwd").waitFor();
    },
  },
  {
    name: "diff-reading",
    path: diff,
    world: () => ({
      ...seededWorld(),
      indexes: {
        [before?.id ?? ""]: { ...readyIndex, state: "indexing", trees: 311 },
      },
    }),
    ready: (page) => page.getByText("311 folders so far").waitFor(),
  },
  {
    name: "diff-viewer",
    path: diff,
    world: () => ({ ...seededWorld(), session: userSession("viewer") }),
    ready: (page) => page.getByText("You cannot look into").waitFor(),
  },
  {
    name: "job-restoring",
    path: `/jobs/${id("RESTORING")}`,
    world: restoringWorld,
    ready: (page) => page.getByText("41%").waitFor(),
  },
  {
    name: "job-restored",
    path: `/jobs/${id("RESTORED")}`,
    world: restoringWorld,
    ready: (page) => page.getByText("/root/restore-2026-11-28").waitFor(),
  },
  {
    name: "job-restored-issues",
    path: `/jobs/${id("OWNERS")}`,
    world: restoringWorld,
    ready: (page) => page.getByText("2 issues").waitFor(),
  },
  {
    name: "host-restores",
    path: `/hosts/${host}`,
    world: restoringWorld,
    ready: (page) => page.getByText("1,204 files restored").waitFor(),
  },
  {
    name: "repository-index-delete",
    path: `/repositories/${id("REPO")}`,
    world: seededWorld,
    async ready(page) {
      await page.getByRole("button", { name: "Delete index" }).click();
      await page.getByText("No backup is lost").waitFor();
    },
  },
];
