import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Repository, Snapshot } from "@restic-manager/shared/api/repos.ts";
import type { SessionStore } from "../data/session.ts";
import type { DownloadFormat } from "../data/restores.ts";
import {
  type RestoreDraft,
  restoreFaults,
  type RestoreMode,
} from "../elements/restore-draft.ts";
import { isFolder, pathText } from "../elements/tree-path.ts";
import type { Selection } from "../elements/tree-selection.ts";
import {
  type RestoreState,
  type RestoreStep,
  restoreSteps,
} from "./restore-state.ts";
import type { SnapshotTree } from "./snapshot-tree.ts";

/** What a person may choose between, for the host, the snapshot and the role. */
export interface Choices {
  readonly host: HostRow;
  readonly snapshots: readonly Snapshot[];
  /** Undefined when the address names one that is not here. */
  readonly snapshot: Snapshot | undefined;
  readonly others: readonly HostRow[];
  readonly modes: readonly RestoreMode[];
  /** That gets the files. */
  readonly target: HostRow;
  /** As far as this role may. */
  readonly draft: RestoreDraft;
  /** Whether the target's name is to be typed. */
  readonly confirms: boolean;
  /** Whether an agent is there that could stream a download. */
  readonly streams: boolean;
}

export function choicesOf(
  state: RestoreState,
  hosts: readonly HostRow[],
  snapshots: readonly Snapshot[],
  repositories: readonly Repository[],
  can: SessionStore["can"],
): Choices | null {
  const host = hosts.find(({ id }) => id === state.hostId);
  if (host === undefined) return null;
  const snapshot =
    state.snapshotId === ""
      ? (snapshots.find(({ own }) => own) ?? snapshots[0])
      : snapshots.find(
          ({ id, repository_id }) =>
            id === state.snapshotId &&
            (state.repositoryId === "" || repository_id === state.repositoryId),
        );
  const users =
    repositories.find(({ id }) => id === snapshot?.repository_id)?.host_ids ??
    [];
  const others = hosts.filter(
    ({ id }) =>
      id !== host.id && (users.includes(id) || can("restore.cross_host")),
  );
  const modes: RestoreMode[] = [];
  if (can("restore.run")) modes.push("new");
  if (can("restore.in_place")) modes.push("in_place");
  if (can("restore.run") && others.length > 0) modes.push("other");
  if (can("restore.download")) modes.push("download");
  const mode = modes.includes(state.draft.mode)
    ? state.draft.mode
    : (modes[0] ?? "new");
  const target =
    (mode === "other"
      ? others.find(({ id }) => id === state.draft.to)
      : undefined) ?? host;
  return {
    host,
    snapshots,
    snapshot,
    others,
    modes,
    target,
    draft: { ...state.draft, mode },
    confirms:
      mode === "in_place" || (mode === "other" && !users.includes(target.id)),
    streams: hosts.some(({ id, online }) => online && users.includes(id)),
  };
}

export function isReady(
  step: RestoreStep,
  selection: Selection,
  { snapshot, draft, modes }: Choices,
): boolean {
  if (step === "snapshot") return true;
  if (snapshot === undefined) return false;
  if (step === "files") return true;
  const isChosen = selection.size > 0 && modes.length > 0;
  return step === "target"
    ? isChosen
    : isChosen && Object.keys(restoreFaults(draft)).length === 0;
}

/** The step of the address, or the last one before it that can be shown. */
export function stepOf(
  { step, selection }: RestoreState,
  choices: Choices,
): RestoreStep {
  const asked = restoreSteps.slice(0, restoreSteps.indexOf(step) + 1);
  return asked.findLast((of) => isReady(of, selection, choices)) ?? "snapshot";
}

/** What cannot be downloaded by itself; restic does not follow links, and there is nothing to read in a device. */
export function linkFault(
  selection: Selection,
  tree: SnapshotTree,
): string | null {
  const path = [...selection].find((chosen) => {
    const type = tree.entryAt(chosen)?.t;
    return type === "symlink" || type === "other";
  });
  return path === undefined
    ? null
    : `${pathText(path)} is neither a file nor a folder and cannot be downloaded by itself. Choose the folder that holds it.`;
}

/** A file comes as it is, a folder as the archive that was chosen, several paths as tar. */
export function downloadFormat(
  selection: Selection,
  tree: SnapshotTree,
  { format }: RestoreDraft,
): DownloadFormat {
  const [path, ...others] = selection;
  if (path === undefined || others.length > 0) return "tar";
  const entry = tree.entryAt(path);
  return entry === undefined || isFolder(entry) ? format : "raw";
}

const mostPaths = 100;
/** Of an address, everywhere on the way. */
const longest = 8000;

/** Why these paths cannot be downloaded together; null when they can. */
export function downloadFault(
  selection: Selection,
  tree: SnapshotTree,
  href: string,
  { streams }: Choices,
): string | null {
  if (!streams)
    return "No host that uses this repository is online; one of them has to stream the files.";
  return selection.size > mostPaths || href.length > longest
    ? "These are too many paths for one download. Choose the folder that holds them."
    : linkFault(selection, tree);
}
