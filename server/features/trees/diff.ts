import type { DiffPage } from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import { createBreath } from "./breath.ts";
import { below } from "./reader.ts";
import type { TreeReader } from "./reader.ts";

type Sum = DiffPage["sum"];
type Change = DiffPage["entries"][number];

/** One path that differs. A folder is one when it is new or gone; inside it everything is. */
export interface Difference {
  readonly path: string;
  readonly kind: Change["kind"];
  readonly before: TreeEntry | null;
  readonly after: TreeEntry | null;
}

const most = 5_000;

/** What changed between two snapshots. Folders with one id are the same, and nobody looks into them. */
export function createDiff(deps: { reader: TreeReader; clock: Clock }) {
  const { reader, clock } = deps;

  async function roots(repositoryId: string, a: string, b: string) {
    return {
      before: await reader.root(repositoryId, a),
      after: await reader.root(repositoryId, b),
    };
  }

  async function find(
    repositoryId: string,
    root: string,
    path: string,
  ): Promise<TreeEntry | null> {
    try {
      return await reader.resolve(repositoryId, root, path);
    } catch (error) {
      if (error instanceof AppError && error.code === "path_not_found")
        return null;
      throw error;
    }
  }

  async function inside(
    repositoryId: string,
    entry: TreeEntry | null,
  ): Promise<readonly TreeEntry[]> {
    return entry?.d === undefined ? [] : reader.entries(repositoryId, entry.d);
  }

  /** The pairs of one folder that are not the same, by name. */
  async function pairs(
    repositoryId: string,
    before: TreeEntry | null,
    after: TreeEntry | null,
  ): Promise<[name: string, a: TreeEntry | null, b: TreeEntry | null][]> {
    const old = new Map(
      (await inside(repositoryId, before)).map((entry) => [entry.n, entry]),
    );
    const now = new Map(
      (await inside(repositoryId, after)).map((entry) => [entry.n, entry]),
    );
    const names = [...new Set([...old.keys(), ...now.keys()])].sort();
    return names.flatMap((name) => {
      const a = old.get(name) ?? null;
      const b = now.get(name) ?? null;
      return isSame(a, b) ? [] : [[name, a, b]];
    });
  }

  /** Everything that differs below two folders. */
  async function* walk(
    repositoryId: string,
    path: string,
    before: TreeEntry | null,
    after: TreeEntry | null,
  ): AsyncGenerator<Difference> {
    const breath = createBreath(clock);
    const folders = [{ path, before, after }];
    for (let next = folders.pop(); next; next = folders.pop()) {
      const found = await pairs(repositoryId, next.before, next.after);
      for (const [name, a, b] of found) {
        const at = below(next.path, name);
        const kind = kindOf(a, b);
        const isPair = a?.t === "dir" && b?.t === "dir";
        if (!isPair || hasOwnChange(a, b))
          yield { path: at, kind, before: a, after: b };
        if (a?.d !== undefined || b?.d !== undefined)
          folders.push({ path: at, before: a, after: b });
      }
      await breath();
    }
  }

  async function sumBelow(
    repositoryId: string,
    before: TreeEntry | null,
    after: TreeEntry | null,
  ): Promise<Sum> {
    const sum = noSum();
    for await (const one of walk(repositoryId, "/", before, after))
      count(sum, one);
    return sum;
  }

  return {
    async page(
      repositoryId: string,
      { a, b, path }: { a: string; b: string; path: string },
    ): Promise<DiffPage> {
      const root = await roots(repositoryId, a, b);
      const before = await find(repositoryId, root.before, path);
      const after = await find(repositoryId, root.after, path);
      if (before === null && after === null)
        throw new AppError("path_not_found");
      const sum = noSum();
      const entries: Change[] = [];
      const found = await pairs(repositoryId, before, after);
      for (const [n, old, now] of found) {
        const kind = kindOf(old, now);
        const isFolder = old?.t === "dir" || now?.t === "dir";
        const inner = isFolder ? await sumBelow(repositoryId, old, now) : null;
        if (inner === null || old?.t !== now?.t)
          count(sum, { path: n, kind, before: old, after: now });
        if (inner !== null) add(sum, inner);
        if (entries.length < most)
          entries.push({ n, kind, before: old, after: now, sum: inner });
      }
      return { path, sum, entries, more: found.length > most };
    },

    /** @throws AppError before the first one when a snapshot is not there or not indexed */
    async all(
      repositoryId: string,
      { a, b, path }: { a: string; b: string; path: string },
    ): Promise<AsyncGenerator<Difference>> {
      const root = await roots(repositoryId, a, b);
      const before = await find(repositoryId, root.before, path);
      const after = await find(repositoryId, root.after, path);
      return walk(repositoryId, path, before, after);
    },
  };
}

function kindOf(a: TreeEntry | null, b: TreeEntry | null): Change["kind"] {
  if (a === null) return "added";
  return b === null ? "removed" : "changed";
}

/** Of a folder everything below it counts too, by the tree's id. */
function isSame(a: TreeEntry | null, b: TreeEntry | null): boolean {
  return a?.d === b?.d && !hasOwnChange(a, b);
}

function hasOwnChange(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a !== b;
  if (a.t !== b.t || a.p !== b.p || a.u !== b.u || a.g !== b.g) return true;
  if (a.l !== b.l) return true;
  // Size and time of a folder follow what is in it.
  return a.t !== "dir" && (a.s !== b.s || a.m !== b.m);
}

function noSum(): Sum {
  return {
    added: 0,
    removed: 0,
    changed: 0,
    bytes_added: 0,
    bytes_removed: 0,
  };
}

/** Files alone have bytes of their own. */
function count(sum: Sum, { kind, before, after }: Difference): void {
  sum[kind] += 1;
  if (after !== null && after.t !== "dir") sum.bytes_added += after.s;
  if (before !== null && before.t !== "dir") sum.bytes_removed += before.s;
}

function add(sum: Sum, other: Sum): void {
  sum.added += other.added;
  sum.removed += other.removed;
  sum.changed += other.changed;
  sum.bytes_added += other.bytes_added;
  sum.bytes_removed += other.bytes_removed;
}
