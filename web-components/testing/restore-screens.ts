import type { Page } from "playwright-core";
import { restoreCheck } from "./fixture-restores.ts";
import { heading, type Screen } from "./screen.ts";
import { hostDetail } from "./seed-hosts.ts";
import { repositoryId } from "./seed-repositories.ts";
import { seededWorld, userSession, type World } from "./world.ts";

const snapshot = seededWorld().snapshots[0]!;

/** The wizard from a snapshot of pg-primary on. */
export function restorePath(
  more: Readonly<Record<string, string>> = {},
): string {
  return `/restore?${new URLSearchParams({
    host: hostDetail("pg-primary").id,
    repository: repositoryId,
    snapshot: snapshot.id,
    ...more,
  })}`;
}

const config = { path: "/srv/shop/config/app.toml" };

function checkedWorld(more: Parameters<typeof restoreCheck>[0]): World {
  return { ...seededWorld(), restoreCheck: restoreCheck(more) };
}

async function openFolders(page: Page): Promise<void> {
  await page.getByRole("treeitem", { name: /^secrets.age/ }).waitFor();
}

/** From a snapshot to the job that restores. */
export const restoreScreens: readonly Screen[] = [
  {
    name: "restore-host",
    path: "/restore",
    world: seededWorld,
    ready: (page) => page.getByText("Whose files").waitFor(),
  },
  {
    name: "restore-snapshot",
    path: restorePath(),
    world: seededWorld,
    ready: (page) => page.getByRole("grid").waitFor(),
  },
  {
    name: "restore-files",
    path: restorePath({ step: "files", ...config }),
    world: seededWorld,
    ready: async (page) => {
      await openFolders(page);
      await page
        .getByRole("treeitem", { name: /^media/ })
        .locator(".twist")
        .click();
      await page.getByRole("treeitem", { name: /^banner/ }).waitFor();
    },
  },
  {
    name: "restore-indexing",
    path: restorePath({ step: "files" }),
    world: () => ({
      ...seededWorld(),
      indexes: {
        [snapshot.id]: {
          state: "indexing",
          message: null,
          trees: 1204,
          files: null,
          bytes: null,
          indexed_at: null,
        },
      },
    }),
    ready: (page) => page.getByText("1,204 folders so far").waitFor(),
  },
  {
    name: "restore-find",
    path: restorePath({ step: "files" }),
    world: seededWorld,
    ready: async (page) => {
      await page.getByPlaceholder("Find in this snapshot").fill("toml");
      await page.getByText("2 names found").waitFor();
    },
  },
  {
    name: "restore-target",
    path: restorePath({ step: "target", ...config }),
    world: seededWorld,
    ready: async (page) => {
      await page
        .getByRole("textbox", { name: "Folder" })
        .fill("/srv/$PATH/back");
      await page
        .getByRole("button", { name: "Review", exact: true })
        .last()
        .click();
      await page.getByText("Only $HOME is filled in").waitFor();
    },
  },
  {
    name: "restore-review",
    path: restorePath({ step: "review", path: "/srv/wiki" }),
    world: seededWorld,
    ready: (page) => page.getByText("189 MB needed").waitFor(),
  },
  {
    name: "restore-in-place",
    path: restorePath({ step: "review", mode: "in_place", path: "/srv/wiki" }),
    world: () =>
      checkedWorld({
        target: null,
        target_state: "not_empty",
        sets_owners: false,
        space_free: 90e6,
        warnings: [
          "3 files belong to accounts that this host does not have; they will belong to their numbers.",
        ],
        dry_run: {
          restored: 1,
          updated: 61,
          unchanged: 20_310,
          bytes: 189e6,
          overwritten: Array.from(
            { length: 50 },
            (_, n) => `/srv/wiki/page-${n + 1}.md`,
          ),
        },
      }),
    ready: async (page) => {
      await page.getByText("The first 50 of 61").click();
      await page.getByLabel("Type pg-primary to go on").fill("pg-pri");
    },
  },
  {
    name: "restore-other-host",
    path: restorePath({
      step: "review",
      mode: "other",
      to: hostDetail("nas-01").id,
      path: "/srv/wiki",
    }),
    world: () =>
      checkedWorld({
        dry_run: null,
        dry_run_problem:
          "nas-01 has no access to the repository before the job begins.",
        revocation: "forgotten_only",
      }),
    ready: (page) => page.getByText("cannot be taken back").waitFor(),
  },
  {
    name: "restore-download",
    path: restorePath({ step: "target", mode: "download", path: "/srv/wiki" }),
    world: seededWorld,
    ready: (page) => page.getByText("zip").waitFor(),
  },
  {
    name: "restore-viewer",
    path: restorePath({ step: "files" }),
    world: () => ({ ...seededWorld(), session: userSession("viewer") }),
    ready: (page) => page.getByText("may not look into snapshots").waitFor(),
  },
  {
    name: "restore-gone",
    path: restorePath({ snapshot: "ab".repeat(32), step: "files" }),
    world: seededWorld,
    ready: heading("Restore from pg-primary"),
  },
];
