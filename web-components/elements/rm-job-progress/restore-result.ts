import type { RestoreStats } from "@restic-manager/shared/domain/restore.ts";
import { bytes, count } from "../format.ts";
import { type Fact, fact } from "./upkeep-result.ts";

/** What a restore brought back, as far as restic's version says it. */
export function restoreFacts(restore: RestoreStats): readonly Fact[] {
  return [
    fact("Files restored", restore.files_restored, count),
    fact("Restored", restore.bytes_restored, bytes),
    fact("Left as they were", restore.files_skipped || undefined, count),
  ].flatMap((known) => (known === null ? [] : [known]));
}
