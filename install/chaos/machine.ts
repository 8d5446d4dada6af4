import {
  closeSync,
  existsSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Lab } from "../e2e/rig/lab.ts";
import type { Program } from "../e2e/rig/program.ts";
import { smallDisk } from "../e2e/rig/small-disk.ts";
import type { Network } from "./network.ts";

/** One machine: its programs run in its network, with its clock, and keep their files on its small disk. */
export interface Machine {
  readonly name: string;
  /** Folder of its disk. */
  readonly disk: string;
  start(
    file: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Program;
  /** Leaves not a byte free; false where there is no disk of its own. */
  fill(): boolean;
  free(): void;
  /** Sets the clock of its programs wrong by so many seconds, 0 for right; false where that cannot be done. */
  setClock(seconds: number): boolean;
}

export interface MachineOptions {
  readonly lab: Lab;
  readonly network: Network;
  readonly name: string;
  /** Size of the disk as mount says it; null for a plain folder. */
  readonly diskSize: string | null;
}

const fakeClock = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

export function createMachine({
  lab,
  network,
  name,
  diskSize,
}: MachineOptions): Machine {
  const disk =
    diskSize === null
      ? lab.folder(`${name}-disk`)
      : smallDisk(lab, `${name}-disk`, diskSize);
  const clock = join(lab.folder("clocks"), name);
  const ballast = join(disk, "ballast");
  writeFileSync(clock, "+0");
  const clockEnv = existsSync(fakeClock)
    ? {
        LD_PRELOAD: fakeClock,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_CACHE_DURATION: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        NO_FAKE_STAT: "1",
      }
    : null;

  return {
    name,
    disk,
    start(file, args, env = {}) {
      const setting = Object.entries(clockEnv ?? {}).map(
        ([key, value]) => `${key}=${value}`,
      );
      const [command = file, ...rest] = network.command(name, [
        "/usr/bin/env",
        ...setting,
        file,
        ...args,
      ]);
      return lab.start(command, rest, { name, env });
    },
    fill() {
      if (diskSize === null) return false;
      fillUp(ballast);
      return true;
    },
    free: () => rmSync(ballast, { force: true }),
    setClock(seconds) {
      if (clockEnv === null) return false;
      writeFileSync(clock, `${seconds < 0 ? "" : "+"}${seconds}`);
      return true;
    },
  };
}

function fillUp(file: string): void {
  const handle = openSync(file, "a");
  try {
    for (const size of [4 * 1024 * 1024, 4096]) {
      const block = new Uint8Array(size);
      while (writes(handle, block));
    }
  } finally {
    closeSync(handle);
  }
}

function writes(handle: number, block: Uint8Array): boolean {
  try {
    return writeSync(handle, block) === block.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
