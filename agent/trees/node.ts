import type {
  EntryType,
  TreeEntry,
} from "@restic-manager/shared/domain/tree.ts";

/** One line of `restic ls --json`. */
export interface ListedNode {
  /** The folder it is in; empty is the root. */
  readonly folder: string;
  readonly entry: TreeEntry;
}

interface ResticNode {
  readonly struct_type?: string;
  readonly message_type?: string;
  readonly name?: string;
  readonly type?: string;
  readonly path?: string;
  readonly size?: number;
  readonly mode?: number;
  readonly mtime?: string;
  readonly uid?: number;
  readonly gid?: number;
}

const types: Readonly<Record<string, EntryType>> = {
  dir: "dir",
  file: "file",
  symlink: "symlink",
};

/** Null when the line is not about a file or folder. A snapshot has millions of lines: no schema is asked. */
export function readNode(line: string): ListedNode | null {
  const node = parse(line);
  const { name = "", path = "" } = node ?? {};
  if (node === null || (node.struct_type ?? node.message_type) !== "node")
    return null;
  if (name === "" || !path.endsWith(`/${name}`)) return null;
  const type = types[node.type ?? ""] ?? "other";
  return {
    folder: path.slice(0, -name.length - 1),
    entry: {
      n: name,
      t: type,
      s: node.size ?? 0,
      m: secondsOf(node.mtime),
      p: permissionsOf(node.mode ?? 0),
      u: node.uid,
      g: node.gid,
    },
  };
}

function parse(line: string): ResticNode | null {
  try {
    return JSON.parse(line) as ResticNode;
  } catch {
    return null;
  }
}

function secondsOf(mtime: string | undefined): number {
  const ms = Date.parse(mtime ?? "");
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

/** What Go keeps in high bits, as Unix has it. */
const kinds: readonly (readonly [go: number, unix: number])[] = [
  [1 << 31, 0o040000],
  [1 << 27, 0o120000],
  [1 << 25, 0o010000],
  [1 << 24, 0o140000],
  [1 << 21, 0o020000],
  [1 << 26, 0o060000],
];
const flags: readonly (readonly [go: number, unix: number])[] = [
  [1 << 23, 0o4000],
  [1 << 22, 0o2000],
  [1 << 20, 0o1000],
];
const regularFile = 0o100000;

function permissionsOf(mode: number): string {
  const kind = kinds.find(([go]) => (mode & go) !== 0)?.[1] ?? regularFile;
  const special = flags.reduce(
    (sum, [go, unix]) => ((mode & go) === 0 ? sum : sum | unix),
    0,
  );
  return (kind | special | (mode & 0o777)).toString(8).padStart(6, "0");
}
