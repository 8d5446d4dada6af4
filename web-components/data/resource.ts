import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import { atom, onMount, type ReadableAtom } from "nanostores";
import { ApiError } from "./api-error.ts";
import type { Live } from "./live.ts";

export type Loadable<T> =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly value: T }
  | { readonly state: "failed"; readonly error: ApiError };

export interface Resource<T> extends ReadableAtom<Loadable<T>> {
  /** Fetches again; what is shown stays until the answer is there. */
  reload(): Promise<void>;
  /** Puts in what an answer to a change has just said. */
  replace(value: T): void;
  /** Fetches more, and joins it to what is shown by then. */
  extend(load: () => Promise<T>, join: (value: T, more: T) => T): Promise<void>;
}

export interface ResourceDeps<T> {
  readonly live: Live;
  readonly topics?: readonly LiveTopic[];
  readonly load: () => Promise<T>;
  /** The value after a live event, `"reload"` when the event only says that it is old, an error when it is gone. */
  readonly apply: (value: T, event: LiveEvent) => T | "reload" | ApiError;
}

/**
 * Something of the server that is shown and kept true: fetched while somebody looks, patched by live events, fetched
 * again whenever events may have been missed. A failed fetch keeps the last value, unless it says that there is none
 * any more.
 */
export function createResource<T>({
  live,
  topics = ["fleet"],
  load,
  apply,
}: ResourceDeps<T>): Resource<T> {
  const store = atom<Loadable<T>>({ state: "loading" });
  /** Of each fetch that is under way the events heard meanwhile: its answer may be older than they are. */
  const fetches = new Set<LiveEvent[]>();
  let latest = 0;

  async function reload(): Promise<void> {
    latest += 1;
    const mine = latest;
    const heard: LiveEvent[] = [];
    fetches.add(heard);
    try {
      const value = await load();
      if (mine !== latest) return;
      store.set({ state: "ready", value });
      for (const event of heard.splice(0)) patch(event);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (mine === latest && (store.get().state !== "ready" || isGone(error)))
        store.set({ state: "failed", error });
    } finally {
      fetches.delete(heard);
    }
  }

  async function extend(
    loadMore: () => Promise<T>,
    join: (value: T, more: T) => T,
  ): Promise<void> {
    const heard: LiveEvent[] = [];
    fetches.add(heard);
    try {
      const more = await loadMore();
      const current = store.get();
      if (current.state !== "ready") return;
      const value = join(current.value, more);
      if (value === current.value) return;
      store.set({ state: "ready", value });
      for (const event of heard.splice(0)) patch(event);
    } finally {
      fetches.delete(heard);
    }
  }

  function patch(event: LiveEvent): void {
    const current = store.get();
    if (current.state !== "ready") return;
    const value = apply(current.value, event);
    if (value === "reload") void reload();
    else if (value instanceof ApiError)
      store.set({ state: "failed", error: value });
    else if (value !== current.value) store.set({ state: "ready", value });
  }

  onMount(store, () => {
    const stops = topics.map((topic) =>
      live.listen(topic, {
        onReset: () => void reload(),
        onEvent: (event) => {
          for (const heard of fetches) heard.push(event);
          patch(event);
        },
      }),
    );
    void reload();
    return () => {
      for (const stop of stops) stop();
    };
  });

  return Object.assign(store, {
    reload,
    extend,
    replace: (value: T) => store.set({ state: "ready", value }),
  });
}

/** Not just any 404: a proxy may answer one while the server starts. */
function isGone({ status, code }: ApiError): boolean {
  return status === 404 && code.endsWith("_not_found");
}
