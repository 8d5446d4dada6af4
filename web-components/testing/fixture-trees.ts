import type {
  DiffPage,
  SnapshotIndex,
} from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { at, MB, now } from "./moments.ts";

/** What changed between snapshots, and what the server keeps of them. */
export const treeRoutes: readonly (readonly [
  RegExp,
  (call: Call) => Answer,
])[] = [
  [/^GET \/api\/repositories\/\w+\/diff$/, diff],
  [
    /^GET \/api\/repositories\/\w+\/index$/,
    ({ world }) => ({ body: world.repositoryIndex }),
  ],
  [
    /^DELETE \/api\/repositories\/\w+\/index$/,
    ({ world }) => {
      world.repositoryIndex = { snapshots_indexed: 0, trees: 0, bytes: 0 };
      return { body: world.repositoryIndex };
    },
  ],
  [
    /^GET \/api\/repositories\/\w+\/snapshots\/(\w+)\/index$/,
    ({ world, params }) => ({
      body: world.indexes[params[0] ?? ""] ?? readyIndex,
    }),
  ],
  [/^POST \/api\/repositories\/\w+\/snapshots\/(\w+)\/index$/, askIndex],
];

function askIndex({ world, params }: Call): Answer {
  const body: SnapshotIndex = {
    ...readyIndex,
    state: "indexing",
    trees: 0,
    files: null,
    bytes: null,
    indexed_at: null,
  };
  world.indexes[params[0] ?? ""] = body;
  return { body };
}

function diff({ world, query }: Call): Answer {
  const body = world.diff[query.get("path") ?? "/"];
  return body === undefined
    ? {
        refused: {
          status: 404,
          code: "path_not_found",
          message: "The snapshot holds nothing at this path.",
        },
      }
    : { body };
}

export const readyIndex: SnapshotIndex = {
  state: "ready",
  message: null,
  trees: 812,
  files: 41_882,
  bytes: 3_600_000 * MB,
  indexed_at: at(now),
};

export function entry(n: string, more: Partial<TreeEntry> = {}): TreeEntry {
  return { n, t: "file", s: 1.2 * MB, m: 1_795_000_000, p: "100644", ...more };
}

function folder(n: string): TreeEntry {
  return entry(n, { t: "dir", s: 0, p: "40755", d: "0".repeat(32), c: 4 });
}

type Change = DiffPage["entries"][number];

export function added(after: TreeEntry, sum: Change["sum"] = null): Change {
  return { n: after.n, kind: "added", before: null, after, sum };
}

function removed(before: TreeEntry, sum: Change["sum"] = null): Change {
  return { n: before.n, kind: "removed", before, after: null, sum };
}

export function changed(
  before: TreeEntry,
  more: Partial<TreeEntry>,
  sum: Change["sum"] = null,
): Change {
  return {
    n: before.n,
    kind: "changed",
    before,
    after: { ...before, ...more },
    sum,
  };
}

export function diffPage(
  path: string,
  entries: Change[],
  sum: Partial<DiffPage["sum"]> = {},
): DiffPage {
  return {
    path,
    sum: { ...noSum, ...sum },
    entries,
    more: false,
    complete: true,
  };
}

const noSum = {
  added: 0,
  removed: 0,
  changed: 0,
  bytes_added: 0,
  bytes_removed: 0,
};

/** Folder → what changed in it. */
export function seedDiff(): Record<string, DiffPage> {
  const etc = { ...noSum, changed: 3, bytes_added: 9200, bytes_removed: 8800 };
  const srv = {
    added: 14,
    removed: 1,
    changed: 0,
    bytes_added: 412 * MB,
    bytes_removed: 1.2 * MB,
  };
  const pages = [
    diffPage(
      "/",
      [changed(folder("etc"), {}, etc), changed(folder("srv"), {}, srv)],
      {
        added: 14,
        removed: 1,
        changed: 3,
        bytes_added: 412 * MB,
        bytes_removed: 1.2 * MB,
      },
    ),
    diffPage("/etc", [
      changed(entry("hosts", { s: 4400 }), { s: 4800 }),
      changed(entry("passwd", { s: 4400 }), { p: "100600" }),
      changed(
        entry("localtime", {
          t: "symlink",
          s: 0,
          l: "/usr/share/zoneinfo/UTC",
        }),
        {
          l: "/usr/share/zoneinfo/Europe/Berlin",
        },
      ),
    ]),
    diffPage("/srv", [
      added(folder("wiki"), { ...noSum, added: 13, bytes_added: 400 * MB }),
      added(entry("quarterly figures – final (2).xlsx", { s: 12 * MB })),
      removed(entry("notes.txt")),
    ]),
    diffPage(
      "/srv/wiki",
      Array.from({ length: 12 }, (_, index) =>
        added(entry(`page-${String(index + 1).padStart(2, "0")}.md`)),
      ),
    ),
  ];
  return Object.fromEntries(pages.map((page) => [page.path, page]));
}
