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
/** Some megabytes at most. */
const heldBatches = 50;
const retryMs = 1_000;
const namedFiles = 10_000;

export function createJobLog(deps: JobLogDeps): JobLog {
  const { jobId, outbox, clock, time, secrets } = deps;
  let n = deps.after ?? 0;
  let files = 0;
  /** What is not in the outbox yet, in messages. The last one may grow. */
  const held: LogLine[][] = [];
  let characters = 0;
  let cancelFlush: (() => void) | null = null;
  let failure: { error: unknown } | null = null;
  let isTold = false;
  let isFailing = false;

  function add(kind: LogLine["k"], stream: LogLine["s"], text: string): void {
    if (failure !== null && !isTold) {
      isTold = true;
      throw failure.error;
    }
    const l = truncate(redactSecrets(text, secrets), maxLogLine);
    const line = { n: ++n, t: time.stamp(), s: stream, l, k: kind };
    const last = held.at(-1);
    if (last === undefined || isFull(last)) {
      held.push([line]);
      characters = 0;
    } else last.push(line);
    // As JSON will spell it: control characters grow.
    characters += JSON.stringify(l).length;
    if (isFull(held.at(-1) ?? []) && !isFailing) putLater();
    else cancelFlush ??= clock.after(batchMs, putLater);
  }

  function isFull(batch: readonly LogLine[]): boolean {
    return batch.length >= batchLines || characters >= batchCharacters;
  }

  /**
   * On a full disk lines are held for a while, so that it ends no backup. Nobody waits for a timer: what goes wrong for good is
   * thrown, once, to whoever writes next, and fails the job.
   */
  function putLater(): void {
    try {
      put();
      isFailing = false;
    } catch (error) {
      isFailing = true;
      if (held.length > heldBatches) failure ??= { error };
      cancelFlush ??= clock.after(retryMs, putLater);
    }
  }

  function put(): void {
    cancelFlush?.();
    cancelFlush = null;
    for (let lines = held[0]; lines !== undefined; lines = held[0]) {
      const last = lines.at(-1)?.n ?? n;
      outbox.transaction(() => {
        outbox.putLog({ job_id: jobId, lines });
        deps.jobs.logged(jobId, last);
      });
      held.shift();
    }
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
