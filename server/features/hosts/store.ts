import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Bandwidth } from "@restic-manager/shared/protocol/command.ts";
import { sql } from "kysely";
import type { Selectable } from "kysely";
import { z } from "zod";
import type { HostRow } from "../../db/schema.ts";
import type { Db } from "../../ports/db.ts";
import type { Trx } from "../../ports/transaction.ts";

export type HostRecord = Selectable<HostRow>;

/** What an approval knows of a host; the rest has a beginning of its own. */
export type NewHost = Pick<
  HostRecord,
  | "id"
  | "hostname"
  | "os"
  | "arch"
  | "tz"
  | "agent_version"
  | "public_key"
  | "fingerprint"
  | "x25519"
  | "announced_from_ip"
  | "approved_by"
  | "approved_at"
>;

export async function insertHost(
  trx: Trx,
  host: NewHost,
  name: string,
): Promise<void> {
  await trx
    .insertInto("hosts")
    .values({
      ...host,
      name,
      os_version: "",
      boot_time: null,
      agent_commit: "",
      restic: null,
      status: "offline",
      last_seen_at: null,
      always_on: 1,
      tags: "[]",
      bandwidth_up_kbps: null,
      bandwidth_down_kbps: null,
      pre_hook: null,
      post_hook: null,
      hook_shell: null,
      hook_timeout_s: null,
      clock_skew_ms: 0,
      cfg_rev: 0,
      applied_cfg_rev: 0,
      created_at: host.approved_at,
      identity_conflict: null,
    })
    .execute();
}

/** `hostname`, or with the smallest number behind it that no host has. */
export async function freeName(trx: Trx, hostname: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? hostname : `${hostname}-${number}`;
    const taken = await trx
      .selectFrom("hosts")
      .select("id")
      .where("name", "=", name)
      .executeTakeFirst();
    if (taken === undefined) return name;
  }
}

export async function findHost(
  db: Db | Trx,
  id: string,
): Promise<HostRecord | null> {
  const row = await db
    .selectFrom("hosts")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}

export async function findHostByKey(
  db: Db | Trx,
  publicKey: Uint8Array,
): Promise<HostRecord | null> {
  const row = await db
    .selectFrom("hosts")
    .selectAll()
    .where("public_key", "=", publicKey)
    .executeTakeFirst();
  return row ?? null;
}

export async function setX25519(
  trx: Trx,
  id: string,
  x25519: Uint8Array,
): Promise<void> {
  await trx.updateTable("hosts").set({ x25519 }).where("id", "=", id).execute();
}

/** Gives the host another key; whoever else announced with the old one starts afresh. */
export async function replaceKey(
  trx: Trx,
  id: string,
  key: Pick<HostRecord, "public_key" | "fingerprint" | "x25519">,
): Promise<void> {
  await trx
    .updateTable("hosts")
    .set({
      ...key,
      identity_conflict: null,
      // The configuration must be sealed to the new key.
      cfg_rev: sql`CASE cfg_rev WHEN 0 THEN 0 ELSE cfg_rev + 1 END`,
    })
    .where("id", "=", id)
    .execute();
  await trx.deleteFrom("pending_hosts").where("host_id", "=", id).execute();
}

export async function jobsWithLogs(db: Db, hostId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("jobs")
    .select("id")
    .where("host_id", "=", hostId)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("job_logs")
          .select("job_logs.seq")
          .whereRef("job_logs.job_id", "=", "jobs.id"),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}

export async function deleteLog(trx: Trx, jobId: string): Promise<void> {
  await trx.deleteFrom("job_logs").where("job_id", "=", jobId).execute();
}

/** Takes everything about a host with it: jobs, logs, sources, schedules. */
export async function deleteHost(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom("hosts").where("id", "=", id).execute();
}

/** What people decide about a host. */
export interface HostSettings {
  readonly tags: readonly string[];
  readonly always_on: boolean;
  readonly bandwidth: Bandwidth;
  readonly index_enabled: boolean;
}

export function settingsOf(host: HostRecord): HostSettings {
  return {
    tags: parseJson(host.tags, z.array(z.string())) ?? [],
    always_on: host.always_on === 1,
    index_enabled: host.index_enabled === 1,
    bandwidth: {
      up_kbps: host.bandwidth_up_kbps,
      down_kbps: host.bandwidth_down_kbps,
    },
  };
}

export async function saveSettings(
  trx: Trx,
  id: string,
  { tags, always_on, bandwidth, index_enabled }: HostSettings,
): Promise<void> {
  await trx
    .updateTable("hosts")
    .set({
      tags: JSON.stringify(tags),
      always_on: always_on ? 1 : 0,
      index_enabled: index_enabled ? 1 : 0,
      bandwidth_up_kbps: bandwidth.up_kbps,
      bandwidth_down_kbps: bandwidth.down_kbps,
    })
    .where("id", "=", id)
    .execute();
}

const storedConflict = z.object({
  since: z.string(),
  instances: z.array(
    z.object({
      /** What the process calls itself. */
      id: z.string(),
      hostname: z.string(),
      boot_time: z.string(),
      last_seen_at: z.string(),
    }),
  ),
});
export type StoredConflict = z.infer<typeof storedConflict>;

export async function saveConflict(
  trx: Trx,
  id: string,
  conflict: StoredConflict | null,
): Promise<void> {
  await trx
    .updateTable("hosts")
    .set({ identity_conflict: conflict && JSON.stringify(conflict) })
    .where("id", "=", id)
    .execute();
}

export async function conflictedHosts(
  db: Db,
): Promise<{ id: string; conflict: StoredConflict }[]> {
  const rows = await db
    .selectFrom("hosts")
    .select(["id", "identity_conflict"])
    .where("identity_conflict", "is not", null)
    .execute();
  return rows.flatMap(({ id, identity_conflict }) => {
    const conflict = parseJson(identity_conflict ?? "", storedConflict);
    return conflict === null ? [] : [{ id, conflict }];
  });
}

/** What hello says; an agent that says hello is online. */
export type Facts = Pick<
  HostRecord,
  | "hostname"
  | "os"
  | "os_version"
  | "arch"
  | "tz"
  | "boot_time"
  | "agent_version"
  | "agent_commit"
  | "restic"
  | "cfg_rev"
  | "applied_cfg_rev"
  | "last_seen_at"
>;

export async function saveFacts(
  trx: Trx,
  id: string,
  facts: Facts,
): Promise<void> {
  await trx
    .updateTable("hosts")
    .set({ ...facts, status: "online" })
    .where("id", "=", id)
    .execute();
}

/** Notes when these hosts were last heard, and their clocks. Returns how each stood before; hosts that do not exist are left out. */
export async function saveSeen(
  trx: Trx,
  seen: ReadonlyMap<string, { readonly at: string; readonly skewMs: number }>,
): Promise<Pick<HostRecord, "id" | "status" | "cfg_rev" | "clock_skew_ms">[]> {
  // One text for any number of hosts, so that the statements stay prepared: this runs every second.
  const heard = JSON.stringify(Object.fromEntries(seen));
  const before = await trx
    .selectFrom("hosts")
    .select(["id", "status", "cfg_rev", "clock_skew_ms"])
    .where("id", "in", sql<string>`(select key from json_each(${heard}))`)
    .execute();
  await sql`update hosts set status = 'online', last_seen_at = beat.value ->> 'at',
      clock_skew_ms = beat.value ->> 'skewMs'
    from json_each(${heard}) as beat where hosts.id = beat.key`.execute(trx);
  return before;
}

/** Marks hosts that were not heard since `before` as offline and returns their ids. */
export async function markSilentOffline(
  db: Db,
  before: string,
): Promise<string[]> {
  const rows = await db
    .updateTable("hosts")
    .set({ status: "offline" })
    .where("status", "=", "online")
    .where(sql<boolean>`coalesce(last_seen_at, '') < ${before}`)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}
