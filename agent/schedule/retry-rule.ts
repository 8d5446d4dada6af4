import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import type { RetryPolicy } from "@restic-manager/shared/domain/source.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { settleMs } from "./watch.ts";

/** Longest wait between two attempts. */
export const longestWaitMs = 30 * 60_000;

/** What may pass by itself: restic or the repository could not be used. Hooks, paths and passwords need a person. */
const passing: readonly FailureCode[] = [
  "restic_missing",
  "restic_failed",
  "restic_killed",
  "restic_stalled",
  "repository_missing",
  "repository_locked",
  "repository_unreachable",
  "repository_denied",
  "repository_full",
  "repository_failed",
  "internal",
];
/** The host or its agent ended meanwhile: the backup is owed, whatever the policy says about failures. */
const interruptions: readonly FailureCode[] = [
  "agent_stopped",
  "agent_restarted",
];

/** After so many attempts, how long until the next one, in milliseconds; null for none. */
export function nextAttempt(
  done: Pick<JobDone, "error">,
  attempts: number,
  { max, backoff_s }: RetryPolicy,
): number | null {
  const code = done.error?.code;
  if (code === undefined) return null;
  if (interruptions.includes(code))
    return attempts <= Math.max(1, max) ? settleMs : null;
  if (!passing.includes(code) || attempts > max) return null;
  return Math.min(longestWaitMs, backoff_s * 1000 * 2 ** (attempts - 1));
}
