import type { BackupStats } from "@restic-manager/shared/domain/job.ts";
import type { BackupFacts } from "./exit-codes.ts";
import type { ResticMessage } from "./messages.ts";
import { missingPath } from "./words.ts";

export interface BackupFactsCollector {
  add(message: ResticMessage): void;
  facts(): BackupFacts;
}

/** Gathers from a backup's output what decides about its outcome. */
export function createBackupFacts(): BackupFactsCollector {
  const missing: string[] = [];
  let errors = 0;
  let summary: BackupStats | null = null;
  return {
    add(message) {
      if (message.type === "error") errors++;
      if (message.type === "summary") summary = message.summary;
      if (message.type !== "text") return;
      const path = missingPath(message.line);
      if (path !== null) missing.push(path);
    },
    facts: () => ({
      missing,
      errors,
      summary: summary === null ? null : { ...summary, errors },
    }),
  };
}
