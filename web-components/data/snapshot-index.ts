import type { SnapshotIndex } from "@restic-manager/shared/api/trees.ts";
import { atom, onMount, type ReadableAtom } from "nanostores";
import { ApiError } from "./api-error.ts";
import type { Loadable } from "./resource.ts";
import type { RestoresStore, SnapshotRef } from "./restores.ts";

/** Milliseconds between two looks at an index that an agent sends. */
const lookEvery = 2000;

export interface IndexWatch extends ReadableAtom<Loadable<SnapshotIndex>> {
  /** Asks an agent for it once more. */
  again(): void;
}

/** The index of a snapshot: asked for when there is none, and looked at until it is there, as long as somebody watches. */
export function createIndexWatch(
  restores: Pick<RestoresStore, "index" | "askIndex">,
  of: SnapshotRef,
): IndexWatch {
  const store = atom<Loadable<SnapshotIndex>>({ state: "loading" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watched = false;
  let asked = false;

  async function look(): Promise<void> {
    clearTimeout(timer);
    try {
      show(await restores.index(of));
      if (isMissing(store.get()) && !asked) {
        asked = true;
        show(await restores.askIndex(of));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      store.set({ state: "failed", error });
    }
  }

  function show(value: SnapshotIndex): void {
    store.set({ state: "ready", value });
    if (watched && value.state === "indexing")
      timer = setTimeout(() => void look(), lookEvery);
  }

  onMount(store, () => {
    watched = true;
    void look();
    return () => {
      watched = false;
      clearTimeout(timer);
    };
  });

  return Object.assign(store, {
    again() {
      asked = false;
      store.set({ state: "loading" });
      void look();
    },
  });
}

function isMissing(loadable: Loadable<SnapshotIndex>): boolean {
  return (
    loadable.state === "ready" &&
    (loadable.value.state === "none" || loadable.value.state === "failed")
  );
}
