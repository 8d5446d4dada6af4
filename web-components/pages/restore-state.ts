import {
  newRestore,
  overwriteWords,
  type RestoreDraft,
} from "../elements/restore-draft.ts";
import type { Selection } from "../elements/tree-selection.ts";

export const restoreSteps = ["snapshot", "files", "target", "review"] as const;
export type RestoreStep = (typeof restoreSteps)[number];

/** What the wizard knows, and what its address says. */
export interface RestoreState {
  readonly hostId: string;
  readonly repositoryId: string;
  readonly snapshotId: string;
  readonly step: RestoreStep;
  readonly selection: Selection;
  readonly draft: RestoreDraft;
}

/** Longer selections stay in the page alone: an address has its limits, here and in proxies. */
const longestAddress = 6000;

const known: Readonly<Record<string, readonly string[]>> = {
  mode: ["new", "in_place", "other", "download"],
  overwrite: Object.keys(overwriteWords),
  format: ["tar", "zip"],
};

export function parseRestore({ searchParams: query }: URL): RestoreState {
  const text = (name: string) => query.get(name) ?? "";
  const step = restoreSteps.find((name) => name === text("step"));
  return {
    hostId: text("host"),
    repositoryId: text("repository"),
    snapshotId: text("snapshot"),
    step: step ?? "snapshot",
    selection: new Set(
      query.getAll("path").filter((path) => path.startsWith("/")),
    ),
    draft: Object.fromEntries(
      Object.entries(newRestore).map(([key, value]) => {
        const given = key === "path" ? query.get("folder") : query.get(key);
        const isGood = given !== null && (known[key]?.includes(given) ?? true);
        return [key, isGood ? given : value];
      }),
    ) as unknown as RestoreDraft,
  };
}

export function restoreHref(state: RestoreState): string {
  const query = new URLSearchParams();
  const add = (name: string, value: string, usual = "") => {
    if (value !== usual) query.set(name, value);
  };
  add("host", state.hostId);
  add("repository", state.repositoryId);
  add("snapshot", state.snapshotId);
  add("step", state.step, "snapshot");
  for (const [key, value] of Object.entries(state.draft))
    add(
      key === "path" ? "folder" : key,
      value as string,
      newRestore[key as keyof RestoreDraft],
    );
  const bare = `/restore?${query}`;
  for (const path of state.selection) query.append("path", path);
  const whole = `/restore?${query}`;
  return whole.length > longestAddress ? bare : whole;
}
