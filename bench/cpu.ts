import { readFileSync } from "node:fs";

/** Clock ticks per second of /proc, the same on every Linux that runs these executables. */
const ticksPerSecond = 100;

/** CPU time in ms that a process and its finished children have used so far. */
export function cpuOf(pid: number): number {
  return readTimes(String(pid)).reduce((sum, ms) => sum + ms, 0);
}

/** CPU time in ms of this process's children that have ended. */
export function cpuOfEndedChildren(): number {
  const [, , user = 0, system = 0] = readTimes("self");
  return user + system;
}

/** utime, stime, cutime and cstime, which are fields 14 to 17, in ms. */
function readTimes(name: string): number[] {
  const stat = readFileSync(`/proc/${name}/stat`, "utf8");
  // The name in brackets may hold blanks; what follows it starts with field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields
    .slice(11, 15)
    .map((field) => (Number(field) / ticksPerSecond) * 1000);
}
