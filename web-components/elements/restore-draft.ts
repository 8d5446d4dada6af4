import type { RestoreCheckBody } from "@restic-manager/shared/api/restores.ts";
import type { OverwriteRule } from "@restic-manager/shared/domain/restore.ts";
import {
  defaultRestorePath,
  restoreFolderFault,
} from "@restic-manager/shared/domain/restore-folder.ts";

/** `other`: into a folder of another host. */
export type RestoreMode = "new" | "in_place" | "other" | "download";
export type ArchiveFormat = "tar" | "zip";

/** Where a restore goes, as a person says it. */
export interface RestoreDraft {
  readonly mode: RestoreMode;
  readonly path: string;
  /** The other host. */
  readonly to: string;
  readonly overwrite: OverwriteRule;
  /** Folder of the snapshot that is left out of the restored paths; empty for none. */
  readonly strip: string;
  readonly format: ArchiveFormat;
}

export const newRestore: RestoreDraft = {
  mode: "new",
  path: defaultRestorePath,
  to: "",
  overwrite: "if-changed",
  strip: "",
  format: "tar",
};

export const overwriteWords: Readonly<Record<OverwriteRule, string>> = {
  "if-changed": "Replace files that differ",
  always: "Replace every file",
  "if-newer": "Replace files that are older",
  never: "Keep what is there",
};

/** Field id → what to change. */
export function restoreFaults(draft: RestoreDraft): Record<string, string> {
  const faults: Record<string, string> = {};
  if (draft.mode === "new" || draft.mode === "other") {
    const fault = restoreFolderFault(draft.path.trim());
    if (fault !== null) faults["path"] = fault;
  }
  if (draft.mode === "other" && draft.to === "")
    faults["to"] = "Choose the host that gets the files.";
  return faults;
}

/** `hostId`: whose snapshots are on show. */
export function restoreBody(
  draft: RestoreDraft,
  hostId: string,
  paths: readonly string[],
): RestoreCheckBody {
  const { mode, path, to, overwrite, strip } = draft;
  return {
    host_id: mode === "other" ? to : hostId,
    paths: [...paths],
    target:
      mode === "in_place"
        ? { mode }
        : { mode: "new_directory", path: path.trim() },
    overwrite,
    ...(strip === "" || mode === "in_place" ? {} : { strip }),
  };
}

/** The field that a refused path of the body came from. */
export function restoreField(path: string): string | null {
  if (path === "target" || path.startsWith("target.")) return "path";
  if (path === "host_id") return "to";
  return ["strip", "overwrite", "confirm"].includes(path) ? path : null;
}
