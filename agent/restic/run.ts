import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { every, type Clock } from "@restic-manager/shared/clock.ts";
import type { Bandwidth } from "@restic-manager/shared/protocol/command.ts";
import { redactSecrets, truncate } from "@restic-manager/shared/redact.ts";
import type { Env } from "../platform/env.ts";
import { replaceFile } from "../platform/replace-file.ts";
import type { Child, Exit, Spawner } from "../platform/spawn.ts";
import type { OnBytes, OnLine, OutputStream } from "../platform/output.ts";
import { backendArgs, limitArgs, noLock, retryLockArgs } from "./args.ts";
import { resticEnv, secretsOf, type Repository } from "./env.ts";
import { meaningOf, type ResticEnd, type StopReason } from "./exit-codes.ts";
import { isRetry, parseMessage, type ResticMessage } from "./messages.ts";
import { createWords } from "./words.ts";

/** One run of restic against one repository. */
export interface ResticCall {
  readonly args: readonly string[];
  readonly repository: Repository;
  /** Of this run alone; absent: the host's. */
  readonly limits?: Bandwidth;
  /** Seconds that restic itself waits for a lock; absent: none. */
  readonly retryLockS?: number;
  /** Aborted with a `StopReason` to end the run. */
  readonly signal?: AbortSignal;
  /** Milliseconds without any progress after which the run is ended; absent: never. */
  readonly stallMs?: number;
  /** Milliseconds after which the run is ended in any case. */
  readonly limitMs: number;
  readonly onStart?: (pid: number | null) => void;
  /** For what restic would ask at a terminal; absent: nothing. */
  readonly stdin?: string;
  /** A cache of this run alone, instead of the host's. */
  readonly cacheDir?: string;
  /** Takes what restic writes, instead of its lines. While it is busy, no time passes without progress. */
  readonly onBytes?: OnBytes;
  /** Every line as restic wrote it, and what it means. Whoever keeps a line hides secrets in it first. */
  readonly onMessage?: (
    message: ResticMessage,
    stream: OutputStream,
    line: string,
  ) => void;
}

export interface ResticRunner {
  run(call: ResticCall): Promise<ResticEnd>;
}

export interface ResticRunnerDeps {
  readonly spawner: Spawner;
  readonly clock: Clock;
  readonly env: Env;
  readonly tmpDir: string;
  readonly cacheDir: string;
  readonly randomName: () => string;
  /** Of every run of this host. */
  readonly limits: () => Bandwidth;
  /** Which restic to run. Throws `restic_missing`. */
  readonly restic: () => Promise<{ path: string; version: string }>;
}

/** Waits between the steps of ending restic: it may upload what is in flight and then removes its lock. */
const interruptMs = 30_000;
const terminateMs = 10_000;
const readOnlyMs = 1_000;
const watchMs = 1_000;
const longestWords = 4_000;

export function createResticRunner(deps: ResticRunnerDeps): ResticRunner {
  const { spawner, clock, tmpDir } = deps;

  return {
    async run(call) {
      const restic = await deps.restic();
      const { repository } = call;
      const ca = repository.credential.ca;
      // ssh makes no folder for its log.
      mkdirSync(tmpDir, { recursive: true, mode: 0o700 });
      const own = join(tmpDir, deps.randomName());
      const caFile = ca === undefined ? null : `${own}.pem`;
      const sshLog = `${own}.ssh`;
      if (caFile !== null) replaceFile(caFile, ca ?? "");
      try {
        const end = await watched(call, (onLine, onBytes) =>
          spawner.start({
            file: restic.path,
            args: [
              ...backendArgs(repository.url, caFile, sshLog),
              ...limitArgs(call.limits ?? deps.limits()),
              ...retryLockArgs(call.retryLockS, restic.version),
              ...call.args,
            ],
            env: resticEnv(deps.env, repository, {
              ...restic,
              cacheDir: call.cacheDir ?? deps.cacheDir,
            }),
            stdin: call.stdin,
            onBytes,
            onLine,
          }),
        );
        const said = withWordsOfSsh(end.said, sshLog);
        return {
          exit: end.exit,
          stopped: end.stopped,
          meaning: meaningOf(said),
          words: truncate(
            redactSecrets(said, secretsOf(repository)),
            longestWords,
          ),
        };
      } finally {
        if (caFile !== null) rmSync(caFile, { force: true });
        rmSync(sshLog, { force: true });
      }
    },
  };

  async function watched(
    call: ResticCall,
    start: (onLine: OnLine, onBytes: OnBytes | undefined) => Child,
  ): Promise<Pick<ResticEnd, "exit" | "stopped"> & { said: string }> {
    const words = createWords();
    // Counted in ticks: a clock that is set, or a machine that slept, ends no backup.
    let ranMs = 0;
    let stillMs = 0;
    let isTaking = false;
    const isSignOfLife = createLifeSign();

    const { onBytes } = call;
    const child = start(
      (stream, line) => {
        const message = parseMessage(line);
        if (isSignOfLife(message)) stillMs = 0;
        words.add(message, stream);
        call.onMessage?.(message, stream, line);
      },
      onBytes === undefined
        ? undefined
        : (piece) => {
            stillMs = 0;
            const taken = onBytes(piece);
            if (taken === undefined) return;
            isTaking = true;
            return taken.then(() => {
              isTaking = false;
              stillMs = 0;
            });
          },
    );
    const ending = createEnding(child, call.args.includes(noLock));
    const onAbort = () => ending.begin(call.signal?.reason as StopReason);
    if (call.signal?.aborted === true) onAbort();
    call.signal?.addEventListener("abort", onAbort);
    const stopWatch = every(clock, watchMs, () => {
      ranMs += watchMs;
      stillMs = isTaking ? 0 : stillMs + watchMs;
      if (ranMs > call.limitMs) ending.begin("time_limit");
      else if (call.stallMs !== undefined && stillMs > call.stallMs)
        ending.begin("stalled");
    });
    let exit: Exit;
    try {
      try {
        call.onStart?.(child.pid);
      } catch (error) {
        // Whoever is told of the failure may start another restic, or remove what this one reads.
        ending.begin("refused");
        await child.exited;
        throw error;
      }
      exit = await child.exited;
    } finally {
      stopWatch();
      ending.done();
      call.signal?.removeEventListener("abort", onAbort);
    }
    return {
      exit,
      stopped: ending.reason(),
      said: words.text(),
    };
  }

  /**
   * SIGINT, because only that lets every restic remove its lock; then harder. One without a lock has nothing to remove, and
   * would only try a dead server for another while.
   */
  function createEnding(child: Child, holdsNothing: boolean) {
    let reason: StopReason | null = null;
    let cancel = () => {};
    return {
      begin(why: StopReason): void {
        if (reason !== null) return;
        reason = why;
        child.signal("SIGINT");
        if (holdsNothing) {
          cancel = clock.after(readOnlyMs, child.kill);
          return;
        }
        cancel = clock.after(interruptMs, () => {
          child.signal("SIGTERM");
          cancel = clock.after(terminateMs, child.kill);
        });
      },
      done: () => cancel(),
      reason: (): StopReason | null => reason,
    };
  }
}

function withWordsOfSsh(words: string, sshLog: string): string {
  if (!existsSync(sshLog)) return words;
  const said = truncate(readFileSync(sshLog, "utf8").trim(), 1000);
  return said === "" ? words : `${said}\n${words}`;
}

/** Whether restic got on: a repeated attempt or the same numbers again are no progress. */
function createLifeSign(): (message: ResticMessage) => boolean {
  let last = "";
  return (message) => {
    if (message.type !== "status") return !isRetry(message);
    const { files_done, bytes_done, total_files, total_bytes } = message.status;
    const now = `${files_done} ${bytes_done} ${total_files} ${total_bytes}`;
    const moved = now !== last;
    last = now;
    return moved;
  };
}
