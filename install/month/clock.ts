import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../lib/run.ts";

/** The time of a simulated world: it runs as fast as ours, from another date, and can be moved on. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Moves on to `at`, for every program at once; a time that has passed changes nothing. */
  moveTo(at: number): void;
  /** Environment of a program that lives in this time. */
  readonly env: Readonly<Record<string, string>>;
}

const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/** Makes the clock's files in `dir`. */
export async function createClock(dir: string, from: number): Promise<Clock> {
  if (!existsSync(library))
    throw new Error("libfaketime is missing: apt-get install faketime");
  const uptime = join(dir, "uptime.so");
  await must("cc", [
    "-shared",
    "-fPIC",
    "-o",
    uptime,
    join(import.meta.dir, "uptime.c"),
  ]);
  const file = join(dir, "clock");
  let ahead = from - Date.now();

  function set(milliseconds: number): void {
    ahead = milliseconds;
    writeFileSync(`${file}.new`, `+${ahead / 1000}`);
    renameSync(`${file}.new`, file);
  }

  set(ahead);
  return {
    now: () => Date.now() + ahead,
    moveTo: (at) => set(Math.max(ahead, at - Date.now())),
    env: {
      LD_PRELOAD: `${uptime} ${library}`,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      NO_FAKE_STAT: "1",
    },
  };
}
