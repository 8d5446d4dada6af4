import type { DiffPage } from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import { createBreath, createPatience } from "./breath.ts";
import { below } from "./reader.ts";
import type { OpenSnapshot, TreeReader } from "./reader.ts";

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
/** A comparison that takes longer answers with what it has counted. */
const countMs = 10_000;

/** Two snapshots, and what is at a path in each. */
interface Sides {
  readonly a: OpenSnapshot;
  readonly b: OpenSnapshot;
  readonly before: TreeEntry | null;
  readonly after: TreeEntry | null;
}

/** What changed between two snapshots. Folders with one id are the same, and nobody looks into them. */
export function createDiff(deps: { reader: TreeReader; clock: Clock }) {
  const { reader, clock } = deps;

  async function open(
    repositoryId: string,
    query: { a: string; b: string; path: string },
  ): Promise<Sides> {
    const a = await reader.open(repositoryId, query.a);
    const b = await reader.open(repositoryId, query.b);
    const before = await find(a, query.path);
    const after = await find(b, query.path);
    return { a, b, before, after };
  }

  /** Everything that differs below two folders, or as much as there is patience for. */
  async function* walk(
    sides: Sides,
    path: string,
    isOver: () => boolean,
  ): AsyncGenerator<Difference> {
    const breath = createBreath(clock);
    const folders = [{ path, before: sides.before, after: sides.after }];
    for (let next = folders.pop(); next; next = folders.pop()) {
      if (isOver()) return;
      for (const [name, a, b] of await pairs({ ...sides, ...next })) {
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

  return {
    async page(
      repositoryId: string,
      query: { a: string; b: string; path: string },
      signal: AbortSignal,
    ): Promise<DiffPage> {
      const { path } = query;
      const sides = await open(repositoryId, query);
      if (sides.before === null && sides.after === null)
        throw new AppError("path_not_found");
      const isOver = createPatience(clock, signal, countMs);
      const sum = noSum();
      const entries: Change[] = [];
      let complete = true;
      const found = await pairs(sides);
      for (const [n, before, after] of found) {
        const kind = kindOf(before, after);
        const isFolder = before?.t === "dir" || after?.t === "dir";
        const inner = isFolder ? noSum() : null;
        if (inner !== null)
          for await (const one of walk(
            { ...sides, before, after },
            "/",
            isOver,
          ))
            count(inner, one);
        if (inner === null || before?.t !== after?.t)
          count(sum, { path: n, kind, before, after });
        if (inner !== null) add(sum, inner);
        const isCut = isFolder && isOver();
        if (isCut) complete = false;
        if (entries.length < most)
          entries.push({ n, kind, before, after, sum: isCut ? null : inner });
      }
      return { path, sum, entries, more: found.length > most, complete };
    },

    /** @throws AppError before the first one when a snapshot is not there or not indexed */
    async all(
      repositoryId: string,
      query: { a: string; b: string; path: string },
      signal: AbortSignal,
    ): Promise<AsyncGenerator<Difference>> {
      const sides = await open(repositoryId, query);
      return walk(sides, query.path, () => signal.aborted);
    },
  };
}

async function find(
  snapshot: OpenSnapshot,
  path: string,
): Promise<TreeEntry | null> {
  try {
    return await snapshot.resolve(path);
  } catch (error) {
    if (error instanceof AppError && error.code === "path_not_found")
      return null;
    throw error;
  }
}

async function inside(
  snapshot: OpenSnapshot,
  entry: TreeEntry | null,
): Promise<Map<string, TreeEntry>> {
  const entries = entry?.d === undefined ? [] : await snapshot.entries(entry.d);
  return new Map(entries.map((one) => [one.n, one]));
}

/** The pairs of one folder that are not the same, by name. */
async function pairs({
  a,
  b,
  before,
  after,
}: Sides): Promise<
  [name: string, before: TreeEntry | null, after: TreeEntry | null][]
> {
  const old = await inside(a, before);
  const now = await inside(b, after);
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const was = old.get(name) ?? null;
    const is = now.get(name) ?? null;
    return isSame(was, is) ? [] : [[name, was, is]];
  });
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
