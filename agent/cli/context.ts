import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Env } from "../platform/env.ts";
import type { AgentPaths } from "../platform/paths.ts";
import type { Random } from "../random.ts";

/** What every verb works with; `main.ts` makes it from the process. */
export interface CliContext {
  readonly paths: AgentPaths;
  readonly assetsDir: string;
  readonly env: Env;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly terminal: Terminal;
  /** Aborted by SIGTERM and Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Terminal {
  /** One line for a person or script, on stdout. */
  say(line: string): void;
  /** One line on stderr. */
  complain(line: string): void;
  /** Asks a person. Null when nobody is there to answer. */
  ask(question: string): Promise<string | null>;
  /** The next line of standard input; empty at its end. */
  readLine(): Promise<string>;
}

/** Documented in the README; installers and units rely on them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** Wrong arguments or configuration, or not enrolled. */
  usage: 2,
  /** An administrator rejected this host. */
  rejected: 3,
  /** The server is not the one it has to be. */
  wrongServer: 4,
  /** An administrator removed this host. */
  removed: 5,
  /** Another agent runs on the same state; it may be about to end. */
  alreadyRunning: 6,
  interrupted: 130,
} as const;
