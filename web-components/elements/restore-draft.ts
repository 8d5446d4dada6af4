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

/** Of the refused paths of a body those that a person chooses here: field id → what to change. */
export function targetErrors(
  refused: Readonly<Record<string, string>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [path, text] of Object.entries(refused)) {
    if (path === "target" || path.startsWith("target.")) errors["path"] = text;
    else if (path === "host_id") errors["to"] = text;
    else if (path === "strip" || path === "overwrite") errors[path] = text;
  }
  return errors;
}
