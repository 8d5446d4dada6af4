import { z } from "zod";
import { restoreFolderFault } from "./restore-folder.ts";
import { treePath } from "./tree.ts";

/** What restic does with a file that is there already: its `--overwrite` of the same name (from 0.17; older ones: always). */
export const overwriteRules = [
  "always",
  "if-changed",
  "if-newer",
  "never",
] as const;
export type OverwriteRule = (typeof overwriteRules)[number];

/**
 * Where a restore goes. `new_directory`: below a folder of its own; `in_place`: back where it came from, over what is there.
 * `path` is absolute, or begins with `~/`, `$HOME` or `${HOME}`, which the agent fills in; no other variable; `<job-id>` in it
 * becomes the job's id.
 */
export const restoreTarget = z.discriminatedUnion("mode", [
  z.object({
    mode: z.literal("new_directory"),
    path: z
      .string()
      .trim()
      .max(4096)
      .superRefine((path, { addIssue }) => {
        const message = restoreFolderFault(path);
        if (message !== null) addIssue({ code: "custom", message });
      }),
  }),
  z.object({ mode: z.literal("in_place") }),
]);
export type RestoreTarget = z.infer<typeof restoreTarget>;

/** What to restore: files and folders of one snapshot, by their paths in it. */
export const restorePaths = z
  .array(treePath)
  .min(1, "Choose at least one file or folder.")
  .max(500, "Choose at most 500; choose the folder that holds them instead.");

/** Counts of files and folders, sizes in bytes; absent where restic is too old to say. */
export const restoreStats = z.object({
  files_restored: z.number().int().optional(),
  files_skipped: z.number().int().optional(),
  bytes_restored: z.number().optional(),
  bytes_skipped: z.number().optional(),
  total_files: z.number().int().optional(),
  total_bytes: z.number().optional(),
  /** Files, owners and permissions that could not be brought back. */
  errors: z.number().int().optional(),
  /** The folder it went to, filled in; null in place. */
  target: z.string().nullable().optional(),
});
export type RestoreStats = z.infer<typeof restoreStats>;
