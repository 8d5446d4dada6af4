import type {
  FindResult,
  SnapshotIndex,
} from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError, errorWords } from "../data/api-error.ts";
import type { Loadable } from "../data/resource.ts";
import type { RestoresStore, SnapshotRef } from "../data/restores.ts";
import { createIndexWatch, type IndexWatch } from "../data/snapshot-index.ts";
import { Watch } from "../data/watch.ts";
import type { Folder } from "../elements/rm-tree/tree-rows.ts";
import { below, foldersAbove, isFolder } from "../elements/tree-path.ts";

/** What is in a snapshot, folder by folder as a person opens them; an agent is asked first when the server does not know it. */
export class SnapshotTree implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #restores: RestoresStore | undefined;
  #of: SnapshotRef | null = null;
  #watched: IndexWatch | undefined;
  readonly #index: Watch<Loadable<SnapshotIndex>>;
  #lost: ApiError | null = null;
  #entries = new Map<string, TreeEntry>();
  folders: ReadonlyMap<string, Folder> = new Map();
  open: ReadonlySet<string> = new Set();
  found: FindResult | null = null;
  findProblem: ApiError | null = null;
  finding = "";

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    this.#index = new Watch(host);
    host.addController(this);
  }

  hostUpdate(): void {
    if (this.index?.state === "ready" && !this.folders.has("/"))
      void this.#load("/");
  }

  /** How far the server knows what is in it; null until that is known. */
  get index(): SnapshotIndex | null {
    const index = this.#index.value;
    return index?.state === "ready" ? index.value : null;
  }

  /** Why nothing can be shown. */
  get problem(): ApiError | null {
    const index = this.#index.value;
    return index?.state === "failed" ? index.error : this.#lost;
  }

  show(restores: RestoresStore, of: SnapshotRef): void {
    if (
      this.#of?.snapshotId === of.snapshotId &&
      this.#of.repositoryId === of.repositoryId
    )
      return;
    this.#restores = restores;
    this.#of = of;
    this.#entries = new Map();
    this.folders = new Map();
    this.open = new Set();
    this.found = null;
    this.finding = "";
    this.#lost = null;
    this.#watched = createIndexWatch(restores, of);
    this.#index.watch(this.#watched);
  }

  /** Asks again from the start. */
  retry(): void {
    this.#lost = null;
    this.folders = new Map();
    this.#watched?.again();
  }

  entryAt(path: string): TreeEntry | undefined {
    return path === "/" ? this.#root : this.#entries.get(path);
  }

  /** Null while not all of them are here. */
  namesIn(path: string): readonly string[] | null {
    const folder = this.folders.get(path);
    return folder === undefined || folder.next !== null || folder.loading
      ? null
      : folder.entries.map(({ n }) => n);
  }

  expand(path: string): Promise<void> {
    this.open = new Set([...this.open, path]);
    this.#host.requestUpdate();
    return this.#load(path);
  }

  collapse(path: string): void {
    this.open = new Set([...this.open].filter((other) => other !== path));
    this.#host.requestUpdate();
  }

  more(path: string): Promise<void> {
    return this.#load(path, { more: true });
  }

  /** Opens the folders that lead to a path. */
  async reveal(path: string): Promise<void> {
    for (const folder of foldersAbove(path))
      if (folder !== "/") await this.expand(folder);
  }

  /** Learns what chosen paths are, as far as they are there. */
  async learn(paths: Iterable<string>): Promise<void> {
    for (const path of [...paths].slice(0, 50)) await this.reveal(path);
  }

  async find(text: string): Promise<void> {
    this.finding = text;
    this.findProblem = null;
    if (text.length < 2) this.found = null;
    this.#host.requestUpdate();
    if (text.length < 2) return;
    const of = this.#of;
    try {
      const found = await this.#ask((restores, at) => restores.find(at, text));
      if (of !== this.#of || text !== this.finding) return;
      for (const { path, entry } of found.found) this.#entries.set(path, entry);
      this.found = found;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (text === this.finding) this.findProblem = error;
    }
    this.#host.requestUpdate();
  }

  async #load(path: string, { more = false } = {}): Promise<void> {
    const known = this.folders.get(path);
    if (known?.loading === true) return;
    if (known !== undefined && !more && known.problem === null) return;
    const of = this.#of;
    const before = known ?? nothing;
    this.#set(path, { ...before, loading: true, problem: null });
    try {
      const page = await this.#ask((restores, at) =>
        restores.folder(at, path, before.next),
      );
      if (of !== this.#of) return;
      for (const entry of page.entries)
        this.#entries.set(below(path, entry.n), entry);
      this.#set(path, {
        entries: [...before.entries, ...page.entries],
        total: page.total,
        next: page.next_cursor,
        loading: false,
        problem: null,
      });
      const [only] = page.entries;
      if (page.total === 1 && only !== undefined && isFolder(only))
        await this.expand(below(path, only.n));
    } catch (error) {
      if (of !== this.#of) return;
      if (!(error instanceof ApiError)) throw error;
      // Its index was deleted meanwhile.
      if (error.code === "not_indexed") return this.retry();
      if (error.code === "snapshot_not_found") this.#lost = error;
      this.#set(path, {
        ...before,
        loading: false,
        problem: errorWords(error),
      });
    }
  }

  #set(path: string, folder: Folder): void {
    this.folders = new Map(this.folders).set(path, folder);
    this.#host.requestUpdate();
  }

  #ask<T>(
    call: (restores: RestoresStore, of: SnapshotRef) => Promise<T>,
  ): Promise<T> {
    return call(this.#restores!, this.#of!);
  }

  get #root(): TreeEntry | undefined {
    const { index } = this;
    if (index?.state !== "ready") return undefined;
    const { bytes, files } = index;
    return { n: "/", t: "dir", s: bytes ?? 0, m: 0, p: "", c: files ?? 0 };
  }
}

const nothing: Folder = {
  entries: [],
  total: 0,
  next: null,
  loading: false,
  problem: null,
};
