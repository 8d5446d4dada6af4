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
  /** How many chosen paths the address had no room for. */
  readonly leftOut: number;
  readonly draft: RestoreDraft;
}

/** A longer selection stays in the page alone, and the address says how much it was: servers and proxies have their limits. */
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
    leftOut: Number(text("left_out")) || 0,
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
  const paths = [...state.selection].map((path) => ["path", path]);
  const whole = `/restore?${new URLSearchParams([...query, ...paths])}`;
  if (whole.length > longestAddress) add("left_out", String(paths.length));
  else if (paths.length > 0 || state.leftOut === 0) return whole;
  else add("left_out", String(state.leftOut));
  return `/restore?${query}`;
}
