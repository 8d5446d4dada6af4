import { dirname } from "node:path";

import type { Lab } from "../e2e/rig/lab.ts";
import { processes, type Process } from "../e2e/rig/processes.ts";
import type { Program } from "../e2e/rig/program.ts";
import { openWine } from "../e2e/rig/wine.ts";
import { run } from "../lib/run.ts";

/** A Windows machine, as far as Wine is one. */
export interface Machine {
  /** The folder that its programs see as `C:\`. */
  readonly drive: string;
  /** Starts a program by its Windows path, in `C:\` unless told another folder of this machine. */
  start(file: string, args: readonly string[], cwd?: string): Program;
  /** Its programs whose command line matches. */
  running(pattern: RegExp): Process[];
}

/** Debian's wrapper around it complains that there is no 32-bit Wine. */
const wineFile = "/usr/lib/wine/wine64";

/** @throws Error that says what to install. */
export function needWine(): void {
  const missing = ["wine", wineFile, "x86_64-w64-mingw32-gcc"].filter(
    (file) => Bun.which(file) === null,
  );
  if (missing.length === 0) return;
  throw new Error(
    `${missing.join(", ")} missing; install Wine (1 GB): apt-get install --no-install-recommends wine wine64 gcc-mingw-w64-x86-64-win32`,
  );
}

/** Ends, and goes away, with the lab. */
export async function openMachine(lab: Lab): Promise<Machine> {
  const { drive } = await openWine(lab);
  const env = {
    PATH: "/usr/bin:/bin",
    WINEPREFIX: dirname(drive),
    WINEDEBUG: "-all",
    // Where programs find the process that plays the kernel.
    TMPDIR: lab.folder("tmp"),
  };
  lab.defer(async () => void (await run("wineserver", ["-k"], { env })));
  // The first program starts Wine's services, which hold its output open: it must not be an agent whose end is awaited.
  const shell = lab.start(wineFile, ["cmd"], { name: "cmd", env, cwd: drive });
  await shell.line(/C:\\>/, 60_000);
  return {
    drive,
    start: (file, args, cwd = drive) =>
      lab.start(wineFile, [file, ...args], {
        name: `agent ${args[0]}`,
        env,
        cwd,
      }),
    running: (pattern) =>
      processes().filter(
        ({ args, env: own }) =>
          own.includes(`WINEPREFIX=${env.WINEPREFIX}`) && pattern.test(args),
      ),
  };
}
