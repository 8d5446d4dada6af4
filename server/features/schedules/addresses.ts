import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { z } from "zod";
import type { Transaction } from "../../ports/transaction.ts";

const key = "agent_urls";

/**
 * Raises the revision of every host when the server's addresses are not those of the last start, so that agents fetch
 * them with the hello that follows.
 */
export async function noteAddresses(
  { tx, clock }: { readonly tx: Transaction; readonly clock: Clock },
  addresses: readonly string[],
): Promise<void> {
  await tx.run(async (trx) => {
    const row = await trx
      .selectFrom("settings")
      .select("value")
      .where("key", "=", key)
      .executeTakeFirst();
    const before = parseJson(row?.value ?? "[]", z.array(z.string())) ?? [];
    if (Bun.deepEquals(before, [...addresses])) return;
    const value = JSON.stringify(addresses);
    const updated_at = toTimestamp(clock.now());
    await trx
      .insertInto("settings")
      .values({ key, value, updated_at })
      .onConflict((conflict) =>
        conflict.column("key").doUpdateSet({ value, updated_at }),
      )
      .execute();
    await trx
      .updateTable("hosts")
      .set((eb) => ({ cfg_rev: eb("cfg_rev", "+", 1) }))
      .where("cfg_rev", ">", 0)
      .execute();
  });
}
