import { every } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { hasPermission } from "@restic-manager/shared/domain/role.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../events.ts";
import type { Actor } from "../ports/route.ts";

export interface SessionWatch {
  readonly events: Pick<Events, "on">;
  readonly actorOfSession: (sessionId: string) => Promise<Actor | null>;
  readonly clock: Clock;
  readonly log: Log;
}

const checkMs = 60_000;

/**
 * Calls `end` once the session may no longer look: at once when it ends in this process, and within a minute when it ran
 * out, or when somebody changed it on the server's command line.
 */
export function watchSession(
  { events, actorOfSession, clock, log }: SessionWatch,
  sessionId: string,
  end: () => void,
): Cancel {
  async function check(): Promise<void> {
    const actor = await actorOfSession(sessionId);
    if (actor === null || !hasPermission(actor.role, "view")) end();
  }
  const stopChecking = every(clock, checkMs, () => {
    check().catch((error: unknown) =>
      log.error("Looking at the session of a live stream failed", { error }),
    );
  });
  const stopHearing = events.on((event) => {
    if (event.type === "session.ended" && event.sessionId === sessionId) end();
  });
  return () => {
    stopChecking();
    stopHearing();
  };
}
