import type {
  RestoreBody,
  RestoreCheck,
} from "@restic-manager/shared/api/restores.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { Answer, Call } from "./fixture-api.ts";
import { entry } from "./fixture-trees.ts";
import { GB, id, MB } from "./moments.ts";
import { startedJob } from "./seed-jobs.ts";

/** What is in snapshots, and getting it back. */
export const restoreRoutes: readonly (readonly [
  RegExp,
  (call: Call) => Answer,
])[] = [
  [/^GET \/api\/repositories\/\w+\/snapshots\/(\w+)\/tree$/, folder],
  [/^GET \/api\/repositories\/\w+\/snapshots\/(\w+)\/find$/, find],
  [
    /^POST \/api\/repositories\/\w+\/snapshots\/\w+\/restore\/check$/,
    ({ world }) => ({ body: world.restoreCheck }),
  ],
  [/^POST \/api\/repositories\/(\w+)\/snapshots\/(\w+)\/restore$/, start],
];

function folder({ world, query }: Call): Answer {
  const path = query.get("path") ?? "/";
  const all = world.files[path];
  if (all === undefined)
    return {
      refused: {
        status: 404,
        code: "path_not_found",
        message: "The snapshot holds nothing at this path.",
      },
    };
  const after = all.findIndex(({ n }) => n === query.get("cursor")) + 1;
  const entries = all.slice(after, after + 1000);
  const isMore = after + entries.length < all.length;
  return {
    body: {
      path,
      entries,
      total: all.length,
      next_cursor: isMore ? (entries.at(-1)?.n ?? null) : null,
    },
  };
}

function find({ world, query }: Call): Answer {
  const wanted = query.get("q")?.toLowerCase() ?? "";
  const found = Object.entries(world.files).flatMap(([path, entries]) =>
    entries
      .filter(({ n }) => n.toLowerCase().includes(wanted))
      .map((of) => ({
        path: path === "/" ? `/${of.n}` : `${path}/${of.n}`,
        entry: of,
      })),
  );
  return { body: { found: found.slice(0, 200), more: found.length > 200 } };
}

function start({ world, params, body }: Call): Answer {
  const asked = body as RestoreBody;
  const host = world.hosts.find(({ id: of }) => of === asked.host_id);
  const started = startedJob(world, id("NEWRESTORE"), {
    kind: "restore",
    host_id: asked.host_id,
    host_name: host?.name ?? "",
    schedule_id: null,
    source_group_id: null,
    source_group_name: null,
    repository_id: params[0] ?? null,
    snapshot_id: params[1] ?? null,
  });
  return { body: started };
}

function dir(n: string, s: number, c: number): TreeEntry {
  return entry(n, { t: "dir", s, c, p: "40755", d: "0".repeat(32) });
}

/** Folder → what is in it, folders first. */
export function seedFiles(): Record<string, TreeEntry[]> {
  return {
    "/": [dir("etc", 6.1 * MB, 812), dir("srv", 28.5 * GB, 29_994)],
    "/etc": [
      dir("nginx", 84_000, 14),
      entry("fstab", { s: 812 }),
      entry("localtime", { t: "symlink", s: 0, l: "/usr/share/zoneinfo/UTC" }),
    ],
    "/etc/nginx": [entry("nginx.conf", { s: 1447 })],
    "/srv": [dir("shop", 27.9 * GB, 28_673), dir("wiki", 189 * MB, 1)],
    "/srv/shop": [
      dir("config", 14_300, 3),
      dir("empty", 0, 0),
      dir("media", 27.2 * GB, 22_405),
    ],
    "/srv/shop/config": [
      entry("app.toml", { s: 3900 }),
      entry("routes.toml", { s: 1200 }),
      entry("secrets.age", { s: 9200 }),
    ],
    "/srv/shop/empty": [],
    "/srv/shop/media": [
      entry("-rf"),
      entry("banner-winter.avif", { s: 284_000 }),
      entry("naïve 🎁.txt", { s: 12 }),
      entry('two\nlines "quoted"', { s: 40 }),
    ],
    "/srv/wiki": [entry("wiki.sqlite", { s: 189 * MB })],
  };
}

export function restoreCheck(more: Partial<RestoreCheck> = {}): RestoreCheck {
  return {
    target: "/root/rm-restore/01JDABNEWRESTORE0000000000",
    target_state: "absent",
    space_free: 84 * GB,
    space_needed: 189 * MB,
    sets_owners: true,
    dry_run: {
      restored: 4,
      updated: 0,
      unchanged: 0,
      bytes: 189 * MB,
      overwritten: [],
    },
    dry_run_problem: null,
    warnings: [],
    revocation: "own_access",
    ...more,
  };
}
