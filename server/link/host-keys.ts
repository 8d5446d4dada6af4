import type { Db } from "../ports/db.ts";

/** Public keys of approved hosts, which never change: whatever an agent sends is believed only when its host's key signed it. */
export interface HostKeys {
  /** Raw Ed25519, 32 bytes, or null when there is no such host. Not to be called inside a transaction. */
  get(hostId: string): Promise<Uint8Array | null>;
}

export function createHostKeys(db: Db): HostKeys {
  const known = new Map<string, Uint8Array>();
  return {
    async get(hostId) {
      const cached = known.get(hostId);
      if (cached !== undefined) return cached;
      const row = await db
        .selectFrom("hosts")
        .select("public_key")
        .where("id", "=", hostId)
        .executeTakeFirst();
      if (row === undefined) return null;
      known.set(hostId, row.public_key);
      return row.public_key;
    },
  };
}
