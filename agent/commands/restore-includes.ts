import { rmSync } from "node:fs";
import { join } from "node:path";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import { FailureError } from "../failure-error.ts";
import { replaceFile } from "../platform/replace-file.ts";
import {
  patternLines,
  restoreSince,
  type RestoreCall,
} from "../restic/restore-args.ts";

/** Characters of a command line; Windows takes 32 Ki, Linux at least 128 Ki. */
const longestLine = process.platform === "win32" ? 24 * 1024 : 100 * 1024;

/** Hands restic what to restore: on its command line, or by a file that is gone afterwards. Throws `FailureError`. */
export async function withIncludes<T>(
  includes: readonly string[],
  { version, tmpDir, name }: { version: string; tmpDir: string; name: string },
  work: (given: Pick<RestoreCall, "includes" | "includeFile">) => Promise<T>,
): Promise<T> {
  const length = includes.reduce((sum, path) => sum + path.length * 2, 0);
  if (length <= longestLine) return work({ includes, includeFile: null });
  if (!atLeast(version, restoreSince.care))
    throw new FailureError(
      "path_missing",
      `These are too many files for restic ${version} on this host; choose the folders that hold them.`,
    );
  const includeFile = join(tmpDir, `${name}.include`);
  replaceFile(includeFile, patternLines(includes));
  try {
    return await work({ includes, includeFile });
  } finally {
    rmSync(includeFile, { force: true });
  }
}
