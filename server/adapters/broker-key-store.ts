import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { BrokerKeyStore } from "../ports/broker.ts";
import type { Db } from "../ports/db.ts";
import type { Secrets } from "../ports/secrets.ts";

const name = "broker";

/** The broker's keys in the database, sealed. */
export function createBrokerKeyStore(
  db: Db,
  secrets: Secrets,
  clock: Clock,
): BrokerKeyStore {
  return {
    async load() {
      const row = await db
        .selectFrom("keys")
        .select("sealed")
        .where("name", "=", name)
        .executeTakeFirst();
      if (row === undefined) return null;
      const bytes = secrets.open("broker-key", name, row.sealed);
      return new TextDecoder().decode(bytes);
    },
    async save(keys) {
      const bytes = new TextEncoder().encode(keys);
      const sealed = secrets.seal("broker-key", name, bytes);
      const updated_at = toTimestamp(clock.now());
      await db
        .insertInto("keys")
        .values({ name, sealed, updated_at })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({ sealed, updated_at }),
        )
        .execute();
    },
  };
}
