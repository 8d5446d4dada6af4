import type { Db } from "../ports/db.ts";
import type { Trx } from "../ports/transaction.ts";
import { createMark, type Mark } from "./mark.ts";

/** The numbering of one host: a new epoch starts at 1 again. */
export interface Numbering {
  readonly hostId: string;
  readonly epoch: string;
}

/** A host has a new epoch with every install and every lost state file. */
const keptEpochs = 64;

export async function readCommitted(
  db: Db | Trx,
  { hostId, epoch }: Numbering,
): Promise<number> {
  const row = await db
    .selectFrom("agent_streams")
    .select("committed_seq")
    .where("host_id", "=", hostId)
    .where("epoch", "=", epoch)
    .executeTakeFirst();
  return row?.committed_seq ?? 0;
}

export async function readMark(trx: Trx, numbering: Numbering): Promise<Mark> {
  const committed = await readCommitted(trx, numbering);
  const above = await trx
    .selectFrom("agent_events")
    .select(["seq", "last_seq"])
    .where("host_id", "=", numbering.hostId)
    .where("epoch", "=", numbering.epoch)
    .execute();
  return createMark(committed, above);
}

export async function writeMark(
  trx: Trx,
  { hostId, epoch }: Numbering,
  mark: Mark,
  now: string,
): Promise<void> {
  const committed_seq = mark.committed();
  await forgetOldest(trx, hostId, epoch);
  await trx
    .insertInto("agent_streams")
    .values({ host_id: hostId, epoch, committed_seq, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(["host_id", "epoch"])
        .doUpdateSet({ committed_seq, updated_at: now }),
    )
    .execute();
  await trx
    .deleteFrom("agent_events")
    .where("host_id", "=", hostId)
    .where("epoch", "=", epoch)
    .where("last_seq", "<=", committed_seq)
    .execute();
  const added = mark.added();
  if (added.length === 0) return;
  await trx
    .insertInto("agent_events")
    .values(added.map((range) => ({ host_id: hostId, epoch, ...range })))
    .onConflict((conflict) =>
      conflict.columns(["host_id", "epoch", "seq"]).doUpdateSet((eb) => ({
        last_seq: eb.ref("excluded.last_seq"),
      })),
    )
    .execute();
}

/** Makes room for an epoch that is new: a host must not fill the store with names of numberings. */
async function forgetOldest(
  trx: Trx,
  hostId: string,
  epoch: string,
): Promise<void> {
  const others = await trx
    .selectFrom("agent_streams")
    .select("epoch")
    .where("host_id", "=", hostId)
    .where("epoch", "!=", epoch)
    .orderBy("updated_at", "desc")
    .offset(keptEpochs - 1)
    .limit(-1)
    .execute();
  for (const { epoch: oldest } of others)
    for (const table of ["agent_streams", "agent_events"] as const)
      await trx
        .deleteFrom(table)
        .where("host_id", "=", hostId)
        .where("epoch", "=", oldest)
        .execute();
}
