import { z } from "zod";

/**
 * A folder as it was in a snapshot, named by what is in it: the same listing has the same id in every snapshot, so a
 * further snapshot costs what changed in it and no more. The id is the first 16 bytes, as 32 hex digits, of the SHA-256
 * of `treeText(entries)`. Whoever receives a tree works the id out again.
 */
export const treeId = z.string().regex(/^[0-9a-f]{32}$/);

export const entryTypes = ["dir", "file", "symlink", "other"] as const;
export type EntryType = (typeof entryTypes)[number];

/** A folder with more than that is not indexed. */
export const mostEntries = 1_000_000;
/** Nor one whose text has more bytes: as many entries as one may have, at the length that names have. */
export const mostTreeBytes = 128 * 1024 * 1024;

/** One thing in a folder. Short names: there are millions of them. */
export const treeEntry = z.object({
  /** Name, without folders. A name that is not UTF-8 holds U+FFFD where restic put it. */
  n: z.string().min(1).max(4096),
  t: z.enum(entryTypes),
  /** Bytes; of a folder everything below it. */
  s: z.number().int().nonnegative(),
  /** Modified, in seconds since the Unix epoch. */
  m: z.number().int(),
  /** Permissions and kind as octal digits, for example `100644`. */
  p: z.string().max(8),
  /** Owner and group as numbers; absent where the system has none. */
  u: z.number().int().optional(),
  g: z.number().int().optional(),
  /** Where a symbolic link leads. */
  l: z.string().max(4096).optional(),
  /** Of a folder: the tree it is, and how many files are below it. */
  d: treeId.optional(),
  c: z.number().int().nonnegative().optional(),
});
export type TreeEntry = z.infer<typeof treeEntry>;

/**
 * The text that an id is of: JSON without spaces, entries by name in the order of UTF-16 code units and no name twice, keys in
 * the order of the schema, absent ones left out. A tree with other keys, more than `mostEntries` or `mostTreeBytes` is refused.
 */
export function treeText(entries: readonly TreeEntry[]): string {
  return JSON.stringify(
    entries
      .toSorted((a, b) => compareNames(a.n, b.n))
      .map(({ n, t, s, m, p, u, g, l, d, c }) => ({
        n,
        t,
        s,
        m,
        p,
        u,
        g,
        l,
        d,
        c,
      })),
  );
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The path of a snapshot's folder, absolute and without an end slash; `/` is the root. On Windows `/C/Users`, as restic says. */
export const treePath = z
  .string()
  .min(1)
  .max(16_384)
  .startsWith("/", "Use an absolute path.")
  .refine((path) => !path.includes("\0"), "Leave out the NUL character.")
  .refine(
    (path) => !path.split("/").some((part) => part === "." || part === ".."),
    "Leave out . and .. in the path.",
  );
