import type { Clock } from "@restic-manager/shared/clock.ts";
import { maxLogLine, type LogLine } from "@restic-manager/shared/domain/job.ts";
import { redactSecrets, truncate } from "@restic-manager/shared/redact.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import type { JobStore } from "./job-store.ts";

/** The kept log of one job: numbered without holes, without secrets, handed over in batches. */
export interface JobLog {
  add(kind: LogLine["k"], stream: LogLine["s"], text: string): void;
  /** A new or changed file. Beyond the first ten thousand only their number is kept. */
  file(action: "new" | "changed", path: string): void;
  /** Puts what was gathered into the outbox. Throws when it cannot be kept. */
  flush(): void;
  lines(): number;
}

export interface JobLogDeps {
  readonly jobId: string;
  readonly outbox: Outbox;
  readonly jobs: Pick<JobStore, "logged">;
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "stamp">;
  readonly secrets: readonly string[];
  /** Lines an earlier life of the job has written. */
  readonly after?: number;
}

const batchLines = 200;
const batchCharacters = 64 * 1024;
const batchMs = 250;
const namedFiles = 10_000;

export function createJobLog(deps: JobLogDeps): JobLog {
  const { jobId, outbox, clock, time, secrets } = deps;
  let n = deps.after ?? 0;
  let files = 0;
  let batch: LogLine[] = [];
  let characters = 0;
  let cancelFlush: (() => void) | null = null;
  let failure: { error: unknown } | null = null;

  function add(kind: LogLine["k"], stream: LogLine["s"], text: string): void {
    if (failure !== null) throw failure.error;
    const l = truncate(redactSecrets(text, secrets), maxLogLine);
    batch.push({ n: ++n, t: time.stamp(), s: stream, l, k: kind });
    // As JSON will spell it: control characters grow.
    characters += JSON.stringify(l).length;
    if (batch.length >= batchLines || characters >= batchCharacters) put();
    else cancelFlush ??= clock.after(batchMs, putLater);
  }

  /** Nobody waits for a timer: what goes wrong in it is thrown to whoever writes next, and fails the job. */
  function putLater(): void {
    try {
      put();
    } catch (error) {
      failure = { error };
    }
  }

  function put(): void {
    if (failure !== null) throw failure.error;
    cancelFlush?.();
    cancelFlush = null;
    if (batch.length === 0) return;
    const lines = batch;
    batch = [];
    characters = 0;
    outbox.transaction(() => {
      outbox.putLog({ job_id: jobId, lines });
      deps.jobs.logged(jobId, n);
    });
  }

  return {
    add,
    file(action, path) {
      files++;
      if (files <= namedFiles) add(action, "stdout", path);
    },
    flush() {
      if (files > namedFiles) {
        add(
          "info",
          "system",
          `… and ${files - namedFiles} more new or changed files, which are not listed.`,
        );
        files = 0;
      }
      put();
    },
    lines: () => n,
  };
}
