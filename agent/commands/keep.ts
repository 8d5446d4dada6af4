import { delay, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";

export const keepAgainMs = 5_000;

/** Of the state database. */
export function isDiskError(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}

/** On a full disk there is no other way than to wait: what is not on it does not survive a crash. */
export async function keep(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
  write: () => void,
): Promise<void> {
  for (;;) {
    try {
      return write();
    } catch (error) {
      if (!isDiskError(error) || signal.reason === "agent_stopped") throw error;
      log.error("A report cannot be kept and is tried again", { error });
      await delay(clock, keepAgainMs);
    }
  }
}
