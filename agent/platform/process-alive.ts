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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
