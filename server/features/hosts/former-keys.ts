import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Db } from "../../ports/db.ts";
import { jwtLifeMs } from "./approvals.ts";
import { keysEndedSince } from "./former-key-store.ts";

/** Keeps keys that ended out of the broker. */
export interface FormerKeys {
  /** Cuts the holders of a key and lets none in again. Never rejects: what fails is done at the next start. */
  cut(publicKey: Uint8Array): Promise<void>;
  /** Cuts what a server that died between storing an end and telling the broker has left. Never rejects. */
  cutForgotten(): Promise<void>;
}

export function createFormerKeys(deps: {
  readonly db: Db;
  readonly broker: Pick<Broker, "revokeAgent" | "revokedAt">;
  readonly clock: Clock;
  readonly log: Log;
}): FormerKeys {
  const { db, broker, clock, log } = deps;

  async function forgotten(): Promise<Uint8Array[]> {
    const since = toTimestamp(clock.now() - jwtLifeMs);
    const ended = await keysEndedSince(db, since);
    return ended.flatMap(({ public_key, until }) => {
      const revoked = broker.revokedAt(encodeNkey("user", public_key)) ?? 0;
      // Revocations are whole seconds.
      return revoked + 1000 <= Date.parse(until) ? [public_key] : [];
    });
  }

  async function cut(publicKey: Uint8Array): Promise<void> {
    try {
      await broker.revokeAgent(encodeNkey("user", publicKey));
    } catch (error) {
      log.error("A key that ended could not be told to the broker", { error });
    }
  }

  return {
    cut,
    async cutForgotten() {
      try {
        for (const key of await forgotten()) await cut(key);
      } catch (error) {
        log.error("Looking for keys that ended failed", { error });
      }
    },
  };
}
