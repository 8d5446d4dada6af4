import type { Clock } from "@restic-manager/shared/clock.ts";
import { childEnv, type Env } from "../platform/env.ts";
import type { OnLine } from "../platform/output.ts";
import type { Child, Exit, Spawner } from "../platform/spawn.ts";

export interface HookCall {
  readonly text: string;
  /** Program and arguments before the text; null is the system's shell. */
  readonly shell: readonly string[] | null;
  /** Beside what every child process gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Aborted to end the hook. */
  readonly signal: AbortSignal;
  readonly onLine: OnLine;
}

/** `words` of a failure follow "The pre-hook". */
export type HookEnd =
  | { readonly type: "succeeded" }
  | { readonly type: "failed"; readonly words: string }
  | { readonly type: "timeout" }
  | { readonly type: "stopped" };

export interface HookRunner {
  /** Runs a hook to its end. Rejects with what `onLine` threw. */
  run(call: HookCall): Promise<HookEnd>;
}

export interface HookRunnerDeps {
  readonly spawner: Spawner;
  readonly clock: Clock;
  readonly env: Env;
  readonly platform?: NodeJS.Platform;
}

/** From being asked to end until being killed. */
const killMs = 5_000;
/** What one line may take of memory; a hook may print a gigabyte without a line end. */
const longestLine = 64 * 1024;

export function createHookRunner(deps: HookRunnerDeps): HookRunner {
  const { spawner, clock } = deps;
  const platform = deps.platform ?? process.platform;

  return {
    async run({ text, shell, env, limitMs, signal, onLine }) {
      const launch = launchOf(text, shell, platform, deps.env);
      let cannotStart: string | null = null;
      const child = spawner.start({
        ...launch,
        env: { ...childEnv(deps.env), ...env },
        longestLine,
        leavesOthers: true,
        onLine(stream, line) {
          // On Linux the starting is done, and its failure told, by a wrapper.
          if (line.startsWith("setpriv: failed to execute")) cannotStart = line;
          onLine(stream, line);
        },
      });
      const ending = createEnding(child);
      const onAbort = () => ending.begin("stopped");
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort);
      const cancelLimit = clock.after(limitMs, () => ending.begin("timeout"));
      try {
        const exit = await child.exited;
        const startError = exit.startError ?? cannotStart;
        return startError === null
          ? endOf(exit, ending.reason())
          : {
              type: "failed",
              words: `could not be started by ${launch.file} (${startError})`,
            };
      } finally {
        cancelLimit();
        ending.done();
        signal.removeEventListener("abort", onAbort);
      }
    },
  };

  /** All of the hook's processes: a shell ends without telling what it has started. */
  function createEnding(child: Child) {
    let reason: "timeout" | "stopped" | null = null;
    let cancel = () => {};
    return {
      begin(why: "timeout" | "stopped"): void {
        if (reason !== null) return;
        reason = why;
        child.signalAll("SIGTERM");
        cancel = clock.after(killMs, () => child.signalAll("SIGKILL"));
      },
      done(): void {
        cancel();
        // What did not listen and has nothing to do with the output any more.
        if (reason !== null) child.signalAll("SIGKILL");
      },
      reason: () => reason,
    };
  }
}

function endOf(
  { code, signal }: Exit,
  reason: "timeout" | "stopped" | null,
): HookEnd {
  if (reason !== null) return { type: reason };
  if (code === 0) return { type: "succeeded" };
  return {
    type: "failed",
    words:
      signal === null
        ? `ended with exit code ${code}`
        : `was killed (${signal})`,
  };
}

interface ShellLaunch {
  readonly file: string;
  readonly args: readonly string[];
  readonly isVerbatim?: boolean;
}

function launchOf(
  text: string,
  shell: readonly string[] | null,
  platform: NodeJS.Platform,
  env: Env,
): ShellLaunch {
  if (shell !== null) {
    const [file = "", ...args] = shell;
    return { file, args: [...args, text] };
  }
  return platform === "win32"
    ? cmd(text, env["ComSpec"] ?? "cmd.exe")
    : { file: "/bin/sh", args: ["-c", text] };
}

/**
 * cmd.exe reads its command line itself, quotes and all, and no further than the first line: lines become one, joined so
 * that each runs whatever became of the one before, as in a batch file.
 */
function cmd(text: string, file: string): ShellLaunch {
  const command = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(@?rem\b|::)/i.test(line))
    .join(" & ");
  return { file, args: ["/d", "/s", "/c", `"${command}"`], isVerbatim: true };
}
