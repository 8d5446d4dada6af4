import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Db } from "../ports/db.ts";
import type { HostKeys } from "../ports/host-keys.ts";

interface Keys {
  readonly current: Uint8Array;
  readonly former: readonly {
    readonly key: Uint8Array;
    readonly until: number;
  }[];
}

const graceMs = 10 * 60_000;

export function createHostKeys(db: Db, clock: Clock): HostKeys {
  // What is being read is kept, not what was read: a read that began before a change cannot outlive `forget`.
  const known = new Map<string, Promise<Keys | null>>();

  async function read(hostId: string): Promise<Keys | null> {
    const host = await db
      .selectFrom("hosts")
      .select("public_key")
      .where("id", "=", hostId)
      .executeTakeFirst();
    if (host === undefined) return null;
    const former = await db
      .selectFrom("former_keys")
      .select(["public_key", "until"])
      .where("host_id", "=", hostId)
      .where("reason", "=", "rotated")
      .execute();
    return {
      current: host.public_key,
      former: former.map(({ public_key, until }) => ({
        key: public_key,
        until: Date.parse(until),
      })),
    };
  }

  async function keysOf(hostId: string): Promise<Keys | null> {
    const reading = known.get(hostId) ?? read(hostId);
    known.set(hostId, reading);
    const forget = () => {
      if (known.get(hostId) === reading) known.delete(hostId);
    };
    try {
      const keys = await reading;
      if (keys === null) forget();
      return keys;
    } catch (error) {
      forget();
      throw error;
    }
  }

  return {
    get: async (hostId) => (await keysOf(hostId))?.current ?? null,
    async former(hostId) {
      const keys = await keysOf(hostId);
      return (keys?.former ?? []).flatMap(({ key, until }) =>
        clock.now() - until < graceMs ? [key] : [],
      );
    },
    forget: (hostId) => void known.delete(hostId),
  };
}
