import { every } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { hasPermission } from "@restic-manager/shared/domain/role.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../events.ts";
import type { Actor } from "../ports/route.ts";
import type { WatchSession } from "../ports/session-watch.ts";

const checkMs = 60_000;

export function createWatchSession(deps: {
  readonly events: Pick<Events, "on">;
  readonly actorOfSession: (sessionId: string) => Promise<Actor | null>;
  readonly clock: Clock;
  readonly log: Log;
}): WatchSession {
  const { events, actorOfSession, clock, log } = deps;
  return (sessionId, permission, end) => {
    async function check(): Promise<void> {
      const actor = await actorOfSession(sessionId);
      if (actor === null || !hasPermission(actor.role, permission)) end();
    }
    const stopChecking = every(clock, checkMs, () => {
      check().catch((error: unknown) =>
        log.error("Looking at the session of a stream failed", { error }),
      );
    });
    const stopHearing = events.on((event) => {
      if (event.type === "session.ended" && event.sessionId === sessionId)
        end();
    });
    return () => {
      stopChecking();
      stopHearing();
    };
  };
}
