import { createHash } from "node:crypto";
import {
  mostEntries,
  mostTreeBytes,
  treeText,
  type TreeEntry,
} from "@restic-manager/shared/domain/tree.ts";
import type { KnownFolder } from "./folder-store.ts";
import type { ListedNode } from "./node.ts";

/** All of a snapshot. */
export interface WholeTree {
  readonly root: string;
  /** Everything that is no folder. */
  readonly files: number;
  readonly bytes: number;
}

export interface TreeBuilder {
  /** Nodes in restic's order: a folder, then what is in it, then its next sibling. */
  add(node: ListedNode): void;
  /** Closes what is open. */
  end(): WholeTree;
}

/** A folder of the snapshot is larger than a server takes, today and tomorrow. */
export class FolderTooLargeError extends Error {
  constructor(path: string) {
    super(`The folder ${path} has more in it than an index takes.`);
    this.name = "FolderTooLargeError";
  }
}

interface OpenFolder {
  readonly path: string;
  /** What its parent knows of it; null is the root. */
  readonly entry: TreeEntry | null;
  readonly entries: TreeEntry[];
  /** Those that may come again. */
  readonly names: Set<string>;
  files: number;
  bytes: number;
}

export interface TreeListener {
  /** Each as soon as its folder is complete, children before parents. */
  onTree(id: string, text: string): void;
  /** The same by its path; the root's is empty. */
  onFolder(path: string, folder: KnownFolder, entries: number): void;
  /** What is known of a folder that is not listed; null when it is. */
  known(path: string): KnownFolder | null;
}

/** Makes trees of a listing. Holds no more than the folders from the root to the place it is at. */
export function createTreeBuilder(listener: TreeListener): TreeBuilder {
  const open: OpenFolder[] = [];
  let top = opened("", null);

  function opened(path: string, entry: TreeEntry | null): OpenFolder {
    const folder = {
      path,
      entry,
      entries: [],
      names: new Set<string>(),
      files: 0,
      bytes: 0,
    };
    open.push(folder);
    return folder;
  }

  function close(): WholeTree {
    const { entry, entries, files, bytes } = top;
    const text = treeText(entries);
    if (Buffer.byteLength(text) > mostTreeBytes)
      throw new FolderTooLargeError(top.path);
    const root = idOf(text);
    listener.onTree(root, text);
    listener.onFolder(top.path, { tree: root, files, bytes }, entries.length);
    open.pop();
    const parent = open.at(-1);
    if (parent !== undefined) {
      top = parent;
      if (entry !== null) complete(entry, { tree: root, files, bytes });
    }
    return { root, files, bytes };
  }

  function complete(entry: TreeEntry, known: KnownFolder): void {
    const { tree, files, bytes } = known;
    Object.assign(entry, { s: bytes, d: tree, c: files });
    top.files += files;
    top.bytes += bytes;
  }

  return {
    add({ folder, entry }) {
      while (top.path !== folder) {
        if (open.length === 1)
          throw new Error("The listing of a snapshot is not in restic's order");
        close();
      }
      // Names that are not UTF-8 may look the same; the first stands for all of them.
      if (!top.names.has(entry.n)) top.entries.push(entry);
      if (top.entries.length > mostEntries)
        throw new FolderTooLargeError(top.path);
      if (entry.n.includes("\uFFFD")) top.names.add(entry.n);
      if (entry.t === "dir") {
        const path = `${folder}/${entry.n}`;
        const known = listener.known(path);
        if (known === null) top = opened(path, entry);
        else complete(entry, known);
      } else {
        top.files += 1;
        top.bytes += entry.s;
      }
    },
    end() {
      while (open.length > 1) close();
      return close();
    },
  };
}

function idOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
