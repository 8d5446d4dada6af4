import { existsSync, readFileSync } from "node:fs";

/** Whether a process id belongs to a living restic. Numbers are used again, above all after a restart of the host. */
export function isResticAlive(pid: number): boolean {
  if (pid <= 0 || !isAlive(pid)) return false;
  const commandLine = `/proc/${pid}/cmdline`;
  // Without /proc the number alone has to do; a lock that is taken for living is only not named.
  return (
    !existsSync(commandLine) ||
    readFileSync(commandLine, "utf8").includes("restic")
  );
}

/** Clocks are corrected by seconds; a process that started this much later is another one. */
const marginMs = 60_000;
const ticksPerSecond = 100;

/** Whether the process that had this id at `at` (milliseconds) has ended, also when another one has the id now. */
export function isProcessGone(pid: number, at: number): boolean {
  if (pid <= 0) return false;
  if (!isAlive(pid)) return true;
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], Number(fields[19])];
  const boot = /^btime (\d+)$/m.exec(readOrEmpty("/proc/stat"))?.[1];
  if (stat === "" || boot === undefined) return false;
  const started = (Number(boot) + ticks / ticksPerSecond) * 1000;
  return state === "Z" || started > at + marginMs;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
