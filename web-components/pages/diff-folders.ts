import type { DiffPage } from "@restic-manager/shared/api/trees.ts";
import type { ReactiveControllerHost } from "lit";
import { ApiError, errorWords } from "../data/api-error.ts";
import type { SnapshotPair, TreesStore } from "../data/trees.ts";
import { isFolderChange } from "../elements/diff-words.ts";
import type { Fold, Folder } from "../elements/rm-diff/diff-rows.ts";
import { below } from "../elements/tree-path.ts";

/** Lines of one folder that are drawn at once. */
const shownLines = 200;

/** What changed in each folder that was opened so far. */
export class DiffFolders implements Fold {
  readonly #host: ReactiveControllerHost;
  #load: ((path: string) => Promise<DiffPage>) | null = null;
  /** The index was thrown away while it was looked at. */
  #onNotIndexed = (): void => {};
  #of = "";
  #limits = new Map<string, number>();
  folders: ReadonlyMap<string, Folder> = new Map();
  open: ReadonlySet<string> = new Set();
  readonly limit = (path: string): number =>
    this.#limits.get(path) ?? shownLines;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
  }

  /** Starts anew unless these two are on show already. */
  show(
    trees: TreesStore,
    of: SnapshotPair & { readonly path: string },
    onNotIndexed: () => void,
  ): void {
    const { path } = of;
    const key = `${of.repositoryId} ${of.a} ${of.b} ${path}`;
    if (key === this.#of) return;
    this.forget();
    this.#of = key;
    this.#load = (folder) => trees.diff(of, folder);
    this.#onNotIndexed = onNotIndexed;
    void this.ask(path);
  }

  forget(): void {
    this.#of = "";
    this.#load = null;
    this.#limits = new Map();
    this.folders = new Map();
    this.open = new Set();
  }

  expand(path: string): void {
    this.open = new Set([...this.open, path]);
    this.#host.requestUpdate();
    if (!this.folders.has(path)) void this.ask(path);
  }

  collapse(path: string): void {
    this.open = new Set([...this.open].filter((other) => other !== path));
    this.#host.requestUpdate();
  }

  more(path: string): void {
    this.#limits.set(path, this.limit(path) + shownLines * 5);
    this.#host.requestUpdate();
  }

  async ask(path: string): Promise<void> {
    const load = this.#load;
    if (load === null) return;
    this.#set(path, "loading");
    try {
      const page = await load(path);
      if (load !== this.#load) return;
      this.#set(path, page);
      this.#openOnlyOne(page);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (load !== this.#load) return;
      this.#set(path, { problem: errorWords(error) });
      if (error.code === "not_indexed") this.#onNotIndexed();
    }
  }

  /** A folder that all changes are in is opened for a person. */
  #openOnlyOne({ path, entries: [only, ...others] }: DiffPage): void {
    if (only === undefined || others.length > 0) return;
    if (only.kind === "changed" && isFolderChange(only))
      this.expand(below(path, only.n));
  }

  #set(path: string, folder: Folder): void {
    this.folders = new Map(this.folders).set(path, folder);
    this.#host.requestUpdate();
  }
}
