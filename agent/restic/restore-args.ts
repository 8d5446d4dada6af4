import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import type { OverwriteRule } from "@restic-manager/shared/domain/restore.ts";

/** One run of `restic restore`. */
export interface RestoreCall {
  readonly snapshotId: string;
  /** The folder of the snapshot that becomes the target; `/` for all of it. */
  readonly base: string;
  readonly target: string;
  readonly includes: readonly string[];
  /** A file with the includes, when they are too many for a command line. */
  readonly includeFile: string | null;
  readonly overwrite: OverwriteRule;
  readonly isDryRun: boolean;
}

/** What restics can do when they restore. */
export const restoreSince = {
  /** Takes a folder of the snapshot for the whole. */
  base: "0.16.0",
  /** Says how far it is; older ones are silent from beginning to end. */
  progress: "0.16.0",
  /**
   * Looks at what is there before it writes: leaves files alone by a rule, and replaces symbolic links instead of writing to
   * where they lead. Names what it restored, and can only look.
   */
  care: "0.17.0",
} as const;

export function restoreArgs(call: RestoreCall, version: string): string[] {
  const { snapshotId, base, target, includes, includeFile } = call;
  const isCareful = atLeast(version, restoreSince.care);
  return [
    "restore",
    "--json",
    ...(isCareful ? ["--verbose=2", "--overwrite", call.overwrite] : []),
    ...(call.isDryRun ? ["--dry-run"] : []),
    "--target",
    target,
    ...(includeFile === null
      ? includes.flatMap((path) => ["--include", pattern(path)])
      : ["--include-file", includeFile]),
    base === "/" ? snapshotId : `${snapshotId}:${base}`,
  ];
}

/**
 * A pattern that stands for this path and what is below it, and nothing else. restic's listings show U+FFFD for each byte that
 * is not UTF-8; as a class it stands for just those.
 */
function pattern(path: string): string {
  return path.replace(/[*?[\\\uFFFD]/gu, (sign) =>
    sign === "\\" ? "\\\\" : `[${sign}]`,
  );
}

/** The patterns as restic reads them from a file: one a line, trimmed, with variables. */
export function patternLines(paths: readonly string[]): string {
  return paths
    .map((path) =>
      pattern(path)
        .replaceAll("$", () => "$$")
        // A line feed cannot stand in a line: the class from tab to vertical tab holds it.
        .replaceAll("\n", "[\t-\v]")
        .replaceAll("\r", "[\f-\u000E]")
        .replace(/\s$/u, (blank) => `[${blank}]`),
    )
    .map((line) => `${line}\n`)
    .join("");
}
