import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Fingerprint } from "@restic-manager/shared/identity/fingerprint.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { meetServer } from "../identity/announce.ts";
import type { ServerDoor } from "../identity/server-door.ts";
import type { ServerTime } from "./server-time.ts";

export interface Timekeeper {
  /** Asks the server over HTTP who it is and what time it has. Throws `ServerKeyError`, `ServerFault`. */
  ask(): Promise<void>;
  /** Asks when there is reason to think that one of the clocks was set; one question at a time, and never throws. */
  check(): void;
}

export function createTimekeeper(deps: {
  readonly door: ServerDoor;
  readonly server: Fingerprint;
  readonly clock: Clock;
  readonly time: Pick<ServerTime, "learn">;
  readonly log: Log;
}): Timekeeper {
  const { door, clock, time, log } = deps;
  let isAsking = false;

  async function ask(): Promise<void> {
    const askedAt = clock.now();
    const { identity } = await meetServer(door, deps.server);
    time.learn(identity.server_time, askedAt);
  }

  return {
    ask,
    check() {
      if (isAsking) return;
      isAsking = true;
      ask()
        .catch((error: unknown) =>
          log.debug("The server did not say its time", { error }),
        )
        .finally(() => (isAsking = false));
    },
  };
}
