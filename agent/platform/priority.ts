import { constants, setPriority } from "node:os";

/** Lets everything else on this host go first. A process that has just been started has no threads of its own yet. */
export function lowerPriority(pid: number | null): void {
  if (pid === null) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It ended in the same instant, or the system does not allow it: it runs like any other then.
  }
}
