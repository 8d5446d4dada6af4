import {
  failure,
  type Failure,
  type FailureCode,
  failures,
} from "@restic-manager/shared/domain/failure.ts";
import type {
  BackupStats,
  JobOutcome,
} from "@restic-manager/shared/domain/job.ts";
import type { Exit } from "../platform/spawn.ts";

/** Why the agent itself ended a run. */
export type StopReason =
  "cancelled" | "stalled" | "time_limit" | "agent_stopped" | "refused";

/** How a run of restic ended. */
export interface ResticEnd {
  readonly exit: Exit;
  readonly stopped: StopReason | null;
  /** What its words mean, where restic has no exit code for it. Secrets are in them: a password may be the word "locked". */
  readonly meaning: FailureCode | null;
  /** restic's last words (stderr and its own errors), without secrets. */
  readonly words: string;
}

/** What a backup said on its way. */
export interface BackupFacts {
  readonly missing: readonly string[];
  readonly errors: number;
  readonly summary: BackupStats | null;
}

export interface Outcome {
  readonly outcome: JobOutcome;
  readonly error: Failure | null;
}

export function backupOutcome(end: ResticEnd, facts: BackupFacts): Outcome {
  const { exit, stopped } = end;
  const finished = exit.code === 0 || exit.code === 3;
  // 0.14 ends with 0 when a path is missing; 3 came with 0.19.
  if (finished && facts.summary !== null) {
    const issue = backupIssue(facts, exit.code === 3);
    return issue === null
      ? { outcome: "succeeded", error: null }
      : { outcome: "succeeded_with_issues", error: issue };
  }
  if (stopped === "cancelled" || stopped === "agent_stopped")
    return { outcome: "cancelled", error: failure(stopped) };
  return { outcome: "failed", error: failureOf(end) };
}

function backupIssue(facts: BackupFacts, incomplete: boolean): Failure | null {
  const { missing, errors } = facts;
  const absent = `Not found on this host: ${missing.join(", ")}.`;
  if (errors > 0) {
    const files =
      errors === 1 ? "One file or folder" : `${errors} files or folders`;
    const unread = `${files} could not be read; the job log lists them.`;
    return failure(
      "source_unreadable",
      missing.length > 0 ? `${unread} ${absent}` : unread,
    );
  }
  if (missing.length > 0)
    return failure(
      "source_partly_missing",
      `${absent} Everything else was saved.`,
    );
  return incomplete ? failure("source_unreadable") : null;
}

/** A repository that gives this access no right to delete. restic before 0.17 tries each file again for a minute and more. */
const refusedRemoval =
  /^Remove\(<(snapshot|index|data|pack|key)\/.*(\((401|403|405)\)|access ?denied|permission denied|operation not permitted|read-only file system)/im;

export function isRefusedRemoval(line: string): boolean {
  return refusedRemoval.test(line);
}

/** Text of restic up to 0.16 and of its back ends, which have no exit codes of their own. The first match decides. */
const texts: readonly (readonly [FailureCode, RegExp])[] = [
  ["wrong_password", /wrong password or no key found/i],
  ["repository_locked", /repository is already locked/i],
  ["delete_refused", refusedRemoval],
  [
    "repository_damaged",
    /repository contains errors|LoadIndex returned errors/i,
  ],
  ["source_missing", /all (target|source) directories\/files do not exist/i],
  [
    "repository_exists",
    /config file already exists|repository master key and config already initialized/i,
  ],
  [
    "repository_full",
    /no space left on device|disk quota exceeded|insufficient storage|\(507\)|not enough space|XMinioStorageFull|QuotaExceeded/i,
  ],
  [
    "repository_denied",
    /\((401|403)\)|access denied|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Access Key Id you provided does not exist|permission denied \(|host key verification failed|too many authentication failures/i,
  ],
  [
    "repository_unreachable",
    /connection refused|no such host|could not resolve hostname|i\/o timeout|network is unreachable|no route to host|connection reset|connection timed out|TLS handshake timeout|x509:|\((502|503|504)\)|unable to start the sftp session|context deadline exceeded/i,
  ],
  [
    "repository_missing",
    /is there a repository at the following location|repository does not exist|specified (key|bucket) does not exist/i,
  ],
];

const codes: Readonly<Record<number, FailureCode>> = {
  10: "repository_missing",
  11: "repository_locked",
  12: "wrong_password",
};

/** What restic's words, secrets and all, are about. */
export function meaningOf(words: string): FailureCode | null {
  return texts.find(([, text]) => text.test(words))?.[0] ?? null;
}

/** Why a run that did not succeed failed, with restic's own words where they help. */
export function failureOf(end: ResticEnd): Failure {
  const { exit, stopped, meaning, words } = end;
  if (cannotStart(end))
    return failure(
      "restic_missing",
      `restic cannot be started (${exit.startError ?? words}). ${failures.restic_missing}`,
    );
  if (stopped === "cancelled" || stopped === "agent_stopped")
    return failure(stopped);
  if (stopped === "refused") return failure("delete_refused");
  const known = codes[exit.code ?? 0] ?? meaning;
  if (known !== null) return explained(known, words);
  if (stopped === "stalled") return explained("restic_stalled", words);
  if (stopped === "time_limit") return explained("time_limit", words);
  if (exit.signal !== null)
    return failure(
      "restic_killed",
      `restic was killed from outside (${exit.signal}); look at the system's log, for example for lack of memory.`,
    );
  return explained(
    "restic_failed",
    words,
    `restic ended with exit code ${exit.code}.`,
  );
}

/** Codes whose sentence says all; the others carry restic's words, which name server, file or process. */
const plain: readonly FailureCode[] = [
  "wrong_password",
  "source_missing",
  "delete_refused",
  "repository_damaged",
];

function explained(
  code: FailureCode,
  words: string,
  sentence: string = failures[code],
): Failure {
  const said = words.trim().replaceAll(/^(Fatal: )+/gm, "");
  return failure(
    code,
    said === "" || plain.includes(code)
      ? sentence
      : `${sentence} restic said: ${said}`,
  );
}

/** Whether a restore failed by errors of single files alone. */
export function ranToItsEnd({ words }: ResticEnd): boolean {
  return /There were \d+ errors/.test(words);
}

/** 126 and 127 come from the wrapper that starts restic on Linux. */
function cannotStart({ exit, words }: ResticEnd): boolean {
  return (
    exit.startError !== null ||
    ((exit.code === 126 || exit.code === 127) &&
      words.includes("failed to execute"))
  );
}
