import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  pipeOutput,
  streamOutput,
  type OnBytes,
  type OnLine,
  type Output,
  type Reading,
} from "./output.ts";

/** The only file that starts processes. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Called for every line; while it runs, the child waits once its pipe is full. */
  readonly onLine: OnLine;
  /** Stdout as it is, instead of its lines, for a child that may die of writing when we are gone. */
  readonly onBytes?: OnBytes | undefined;
  /** What the child reads as its stdin; absent: nothing. */
  readonly stdin?: string | undefined;
  /** Characters of a line beyond which its rest is lost; absent: as long as restic's. */
  readonly longestLine?: number;
  /**
   * What it starts may outlive it and go on printing: that is read and dropped. Without it, whatever outlives the process
   * waits once its pipe is full.
   */
  readonly leavesOthers?: boolean;
  /** Windows: the arguments are the command line as it is, for programs that read it themselves. */
  readonly isVerbatim?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the program could not be started at all, for example `ENOENT`. */
  readonly startError: string | null;
}

export interface Child {
  readonly pid: number | null;
  /**
   * Resolves when the process has ended and its output was read. Rejects with what `onLine` threw; the child is killed
   * then.
   */
  readonly exited: Promise<Exit>;
  signal(name: "SIGINT" | "SIGTERM"): void;
  /** Reaches the process and whatever it started, also what outlives it. On Windows it ends all of it at once. */
  signalAll(name: "SIGTERM" | "SIGKILL"): void;
  /** Ends the process and whatever it started, at once. */
  kill(): void;
}

export interface Spawner {
  start(launch: Launch): Child;
}

export interface SpawnerOptions {
  /** Private folder for the names of pipes, which exist for an instant. */
  readonly tmpDir: string;
}

/** How long output is still read after the end of a process whose own children hold its pipes open. */
const lingerMs = 2_000;
const posix = process.platform !== "win32";
const dieWithParent = ["--pdeathsig", "INT"] as const;

export function createSpawner({ tmpDir }: SpawnerOptions): Spawner {
  let wrapper: Wrapper | null | undefined;
  let count = 0;

  return {
    start(launch) {
      const { file, args, env, stdin } = launch;
      const { isVerbatim = false, leavesOthers = false } = launch;
      if (wrapper === undefined) wrapper = findWrapper();
      // What reads whole files holds no lock, and its own stdout holds more at a time than a named pipe.
      const output =
        wrapper === null || launch.onBytes !== undefined
          ? streamOutput
          : namedPipes(
              wrapper,
              tmpDir,
              `${process.pid}-${count++}`,
              leavesOthers,
            );
      const [command, ...rest] =
        wrapper === null
          ? [file, ...args]
          : [wrapper.setpriv, ...dieWithParent, file, ...args];
      const child = spawn(command, rest, {
        env,
        // Its own group, so that Ctrl-C on the agent's terminal does not reach restic and a kill reaches all of it.
        detached: posix,
        windowsHide: true,
        windowsVerbatimArguments: isVerbatim,
        stdio: [stdin === undefined ? "ignore" : "pipe", ...output.stdio],
      });
      const reading = output.read(child, launch);
      // A child that ends without reading all of it says why itself.
      child.stdin?.on("error", () => {}).end(stdin);
      const kill = () => killGroup(child);
      return {
        pid: child.pid ?? null,
        exited: outcome(child, reading, kill),
        signal: (name) => sendSignal(child, name),
        signalAll: (name) => signalGroup(child.pid, name),
        kill,
      };
    },
  };
}

interface Wrapper {
  readonly setpriv: string;
  readonly mkfifo: string;
  readonly cat: string;
}

/**
 * Linux can end restic with SIGINT when the agent dies, whatever it died of, so that restic removes its lock. Where
 * `setpriv` (util-linux), `mkfifo` or `cat` is missing, restic is started plainly. Paths are absolute, because a child's PATH is
 * not ours.
 */
function findWrapper(): Wrapper | null {
  if (process.platform !== "linux") return null;
  const [setpriv, mkfifo] = [Bun.which("setpriv"), Bun.which("mkfifo")];
  const cat = Bun.which("cat");
  if (setpriv === null || mkfifo === null || cat === null) return null;
  const probe = spawnSync(setpriv, [...dieWithParent, "true"]);
  return probe.status === 0 ? { setpriv, mkfifo, cat } : null;
}

function namedPipes(
  { mkfifo, cat }: Wrapper,
  folder: string,
  name: string,
  leavesOthers: boolean,
): Output {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = {
    stdout: join(folder, `${name}.out`),
    stderr: join(folder, `${name}.err`),
  };
  const made = spawnSync(mkfifo, ["-m", "600", paths.stdout, paths.stderr]);
  if (made.status !== 0)
    throw new Error(
      `cannot make pipes in ${folder}: ${String(made.stderr).trim()}`,
    );
  return pipeOutput(paths, leavesOthers ? (fd) => drain(cat, fd) : null);
}

/** By a process of its own, which ends with the last writer: it holds up neither our end nor, after that, the writers. */
function drain(cat: string, fd: number): void {
  const stdio = [fd, "ignore", "ignore"] as const;
  const child = spawn(cat, [], { env: {}, detached: true, stdio: [...stdio] });
  // Without it the writers learn that nobody reads them any more.
  child.on("error", () => {});
  child.unref();
}

/** Runs a system program to its end. False when it failed or is missing. */
export function runSystemProgram(
  file: string,
  args: readonly string[],
): boolean {
  return spawnSync(file, args, { windowsHide: true }).status === 0;
}

async function outcome(
  child: ChildProcess,
  reading: Reading,
  kill: () => void,
): Promise<Exit> {
  const ended = new Promise<Exit>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      resolve({
        code: null,
        signal: null,
        startError: error.code ?? error.message,
      }),
    );
    child.on("exit", (code, signal) =>
      resolve({ code, signal, startError: null }),
    );
  });
  const lingering = ended.then(() => setTimeout(reading.stop, lingerMs));
  try {
    await reading.done;
  } catch (error) {
    kill();
    throw error;
  } finally {
    clearTimeout(await lingering);
  }
  return ended;
}

/** On Windows a signal would end the process at once, and its lock would stay in the repository. */
function sendSignal(child: ChildProcess, name: "SIGINT" | "SIGTERM"): void {
  if (posix || name !== "SIGINT") {
    child.kill(name);
    return;
  }
  const presser = spawn(process.execPath, ["press-ctrl-c", String(child.pid)], {
    stdio: "ignore",
    windowsHide: true,
  });
  presser.on("error", () => child.kill());
  presser.on("exit", (code) => {
    if (code !== 0) child.kill();
  });
}

function killGroup(child: ChildProcess): void {
  const ended = child.exitCode !== null || child.signalCode !== null;
  if (!ended) signalGroup(child.pid, "SIGKILL");
}

function signalGroup(
  pid: number | undefined,
  name: "SIGTERM" | "SIGKILL",
): void {
  if (pid === undefined) return;
  if (!posix) {
    spawnSync("taskkill", ["/pid", String(pid), "/T", "/F"]);
    return;
  }
  try {
    process.kill(-pid, name);
  } catch {
    // The group ended in the same instant.
  }
}
