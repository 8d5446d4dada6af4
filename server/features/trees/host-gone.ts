import type { Cancel } from "@restic-manager/shared/clock.ts";
import type { Events } from "../../events.ts";

/** Tells of hosts that were removed, or can no longer be reached. */
export function onHostGone(
  {
    events,
    presence,
  }: { events: Events; presence: { isOnline(hostId: string): boolean } },
  tell: (hostId: string) => void,
): Cancel {
  return events.on((event) => {
    if (event.type === "host.removed") tell(event.hostId);
    if (event.type === "host.changed" && !presence.isOnline(event.hostId))
      tell(event.hostId);
  });
}
