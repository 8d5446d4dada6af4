import { beforeEach, describe, expect, test } from "bun:test";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { helloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  createApprovedAgent,
  type ApprovedAgent,
} from "../../testing/approved-agent.ts";
import {
  codeOf,
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { settle } from "../../testing/test-endpoint.ts";
import { createTestAgent } from "../../testing/test-agent.ts";

let world: HostsWorld;
let nas: ApprovedAgent;

beforeEach(async () => {
  world = createHostsWorld();
  nas = await createApprovedAgent(world, 1, "nas");
  world.hosts.start();
});

async function remove(name = "nas", more: object = {}) {
  const path = `/api/hosts/${nas.hostId}`;
  return world.send("DELETE", path, { name, ...more }, await world.as("admin"));
}

const hello = () => nas.said("hello", nas.hello(), helloAnswer);

async function addRepository(id: string, hostIds: readonly string[]) {
  const at = "2026-01-01T00:00:00.000Z";
  await world.db
    .insertInto("repositories")
    .values({
      id,
      name: id,
      url: `rest:http://nas/${id}`,
      status: "ready",
      append_only: "no",
      created_at: at,
      updated_at: at,
    } as never)
    .execute();
  for (const host_id of [null, ...hostIds])
    await world.db
      .insertInto("repository_credentials")
      .values({
        id: `${id} ${host_id}`,
        repository_id: id,
        host_id,
        kind: "repo",
        sealed: new Uint8Array(1),
        updated_at: at,
      })
      .execute();
  for (const host_id of hostIds)
    await world.db
      .insertInto("host_repositories")
      .values({ host_id, repository_id: id, is_default: 0 })
      .execute();
}

/** With a log of one line. */
async function addJob(id: string) {
  const ts = "2026-01-01T00:00:00.000Z";
  const job = { id, kind: "backup", status: "succeeded", queued_at: ts };
  await world.db
    .insertInto("jobs")
    .values({ ...job, host_id: nas.hostId, actor_kind: "user" } as never)
    .execute();
  const line = { stream: "stdout", kind: "info", line: "One." } as const;
  await world.db
    .insertInto("job_logs")
    .values({ job_id: id, seq: 1, ts, ...line })
    .execute();
}

/** Removes the host, and does something when some of its logs are deleted and some are not. */
async function removeWhile(act: () => Promise<unknown>): Promise<Response> {
  for (let i = 0; i < 20; i++) await addJob(`job-${i}`);
  const removal = remove();
  const lines = async () =>
    (await world.db.selectFrom("job_logs").select("job_id").execute()).length;
  while ((await lines()) === 20)
    await new Promise((resolve) => setImmediate(resolve));
  await act();
  expect(await lines()).toBeGreaterThan(0);
  return removal;
}

test("a removed host is gone at once, and its key with it [ENR-13]", async () => {
  await hello();
  world.emitted.length = 0;
  const removed = await remove();
  expect([removed.status, await removed.json()]).toEqual([
    200,
    { left_keys: [] },
  ]);
  expect(world.cut).toEqual([encodeNkey("user", nas.publicKey)]);
  expect(world.emitted).toEqual([{ type: "host.removed", hostId: nas.hostId }]);
  expect(world.hosts.presence.isOnline(nas.hostId)).toBe(false);
  const headers = await world.as("viewer");
  expect(
    await codeOf(world.request(`/api/hosts/${nas.hostId}`, { headers })),
  ).toBe("404 host_not_found");
  expect(await codeOf(remove())).toBe("404 host_not_found");
});

test("its agent hears that it is not known, and by its key that it was removed [ENR-13]", async () => {
  await remove();
  expect(await hello()).toMatchObject({ ok: false, code: "unknown_host" });
  expect(await codeOf(nas.session())).toBe("410 host_revoked");
});

test("what it still sends is not believed [ENR-13]", async () => {
  const report = async (seq: number) => {
    const { text } = nas.event(seq, "cfg.applied", {});
    await nas.line.publish(topic.event(nas.hostId, "cfg.applied"), text);
    await settle();
  };
  await report(1);
  world.logLines.length = 0;
  await remove();
  await report(2);
  const said = world.logLines.join("");
  expect(said).toContain("unknown_host");
  expect(said).not.toContain('"level":"error"');
});

test("only the host's whole name removes it [ENR-13]", async () => {
  for (const name of ["", "na", "NAS", "nas "])
    expect(await codeOf(remove(name))).toBe("409 name_mismatch");
  expect((await nas.session()).status).toBe(200);
  expect(world.cut).toEqual([]);
});

test("with it go the repositories that only it used, and everybody's credentials for them [ENR-13]", async () => {
  const other = await createApprovedAgent(world, 2, "laptop");
  await addRepository("attic", [nas.hostId]);
  await addRepository("shared", [nas.hostId, other.hostId]);
  await addRepository("spare", []);
  await remove();
  const names = async (table: "repositories" | "repository_credentials") =>
    (await world.db.selectFrom(table).select("id").orderBy("id").execute()).map(
      (row) => row.id,
    );
  expect(await names("repositories")).toEqual(["shared", "spare"]);
  expect(await names("repository_credentials")).toEqual([
    `shared ${other.hostId}`,
    "shared null",
    "spare null",
  ]);
  const audited = await world.db
    .selectFrom("audit_log")
    .select("payload")
    .where("action", "=", "host.remove")
    .executeTakeFirstOrThrow();
  expect(JSON.parse(audited.payload)).toEqual({
    name: "nas",
    hostname: "nas",
    fingerprint: nas.fingerprint,
    repositories: ["attic"],
    upkeep_stopped: [],
    left_keys: [],
  });
});

describe("while passwords of restores on other hosts still open repositories that would go with it", () => {
  const added = "01JDZ0000000000000000000KA";
  const unconfirmed = "01JDZ0000000000000000000KB";
  const left_keys = [
    {
      repository: "attic",
      label: "rm-01jdz0000000000000000000ka",
      key_id: "c".repeat(64),
    },
    {
      repository: "attic",
      label: "rm-01jdz0000000000000000000kb",
      key_id: null,
    },
  ];

  async function addKey(id: string, repository_id: string, keyId?: string) {
    await world.db
      .insertInto("temporary_keys")
      .values({
        id,
        repository_id,
        restic_key_id: keyId ?? null,
        job_id: null,
        keeper_host_id: null,
        made_at: "2026-01-01T00:00:00.000Z",
        remove_after: "2026-01-08T00:00:00.000Z",
        last_error: null,
      })
      .execute();
  }

  beforeEach(async () => {
    const other = await createApprovedAgent(world, 2, "laptop");
    await addRepository("attic", [nas.hostId]);
    await addRepository("shared", [nas.hostId, other.hostId]);
    await addKey(added, "attic", "c".repeat(64));
    await addKey(unconfirmed, "attic");
    await addKey("01JDZ0000000000000000000KC", "shared");
  });

  const keys = async () =>
    (await world.db.selectFrom("temporary_keys").select("id").execute()).length;

  test("nothing of it is removed, and each is named, with what to do about it [ENR-13] [RTR-07]", async () => {
    await addJob("first");
    const refused = await remove();
    const { code, message } = (await refused.json()) as ApiErrorBody;
    expect([refused.status, code]).toEqual([409, "temporary_keys_left"]);
    expect(message).toContain(
      "attic: rm-01jdz0000000000000000000ka (key cccccccccccccccc), rm-01jdz0000000000000000000kb",
    );
    expect(message).toContain("leave_keys");
    expect(message).not.toContain("shared");
    expect(await keys()).toBe(3);
    expect((await nas.session()).status).toBe(200);
    const logs = await world.db.selectFrom("job_logs").selectAll().execute();
    expect(logs).toHaveLength(1);
  });

  test("who leaves them there is told which they are, and so is the audit log [ENR-13] [RTR-07]", async () => {
    const removed = await remove("nas", { leave_keys: true });
    expect([removed.status, await removed.json()]).toEqual([
      200,
      { left_keys },
    ]);
    // That of a repository which others use is still the server's to remove.
    expect(await keys()).toBe(1);
    const { payload } = await world.db
      .selectFrom("audit_log")
      .select("payload")
      .where("action", "=", "host.remove")
      .executeTakeFirstOrThrow();
    expect(JSON.parse(payload).left_keys).toEqual([
      "attic: rm-01jdz0000000000000000000ka (key cccccccccccccccc)",
      "attic: rm-01jdz0000000000000000000kb",
    ]);
  });

  test("a restore that begins while its logs are deleted does not leave the host without them: its key is told [ENR-13] [RTR-07]", async () => {
    await world.db.deleteFrom("temporary_keys").execute();
    const removed = await removeWhile(() =>
      addKey(added, "attic", "c".repeat(64)),
    );
    expect([removed.status, await removed.json()]).toEqual([
      200,
      { left_keys: left_keys.slice(0, 1) },
    ]);
  });

  test("one of a repository that others use holds nobody up [ENR-13]", async () => {
    await world.db
      .deleteFrom("temporary_keys")
      .where("repository_id", "=", "attic")
      .execute();
    expect((await remove()).status).toBe(200);
    expect(await keys()).toBe(1);
  });
});

test("a long history goes job by job, so that others are served meanwhile [ENR-13]", async () => {
  const { db } = world;
  for (const id of ["first", "second"]) await addJob(id);
  const seen = new Set<string>();
  const count = async (table: "hosts" | "job_logs") =>
    (await db.selectFrom(table).selectAll().execute()).length;
  let isOver = false;
  const removal = remove().finally(() => (isOver = true));
  while (!isOver) {
    seen.add(`${await count("hosts")} host, ${await count("job_logs")} lines`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await removal).status).toBe(200);
  expect([...seen]).toContain("1 host, 1 lines");
  expect(await count("job_logs")).toBe(0);
});

test("a host that gets another name while its logs are deleted goes all the same, for they are lost [ENR-13]", async () => {
  const removed = await removeWhile(() =>
    world.db.updateTable("hosts").set({ name: "attic-nas" }).execute(),
  );
  expect(removed.status).toBe(200);
  expect(await world.db.selectFrom("hosts").selectAll().execute()).toEqual([]);
});

test("a removed host that is enrolled again waits for a person, marked, and comes back as a new one [ENR-13]", async () => {
  await remove();
  const { agent, announced, waiting } = await world.agents.join(1);
  expect(await world.people.waiting()).toMatchObject([
    {
      fingerprint: nas.fingerprint,
      removed: { name: "nas", at: "2026-01-01T00:00:00.000Z" },
    },
  ]);
  await world.people.accept(agent, announced);
  expect(await (await waiting).json()).toMatchObject({ status: "approved" });
  const host = await world.db
    .selectFrom("hosts")
    .select(["id", "name"])
    .executeTakeFirstOrThrow();
  expect(host.name).toBe("nas");
  expect(host.id).not.toBe(nas.hostId);
  expect((await nas.session()).status).toBe(200);
});

test("a waiting host whose key was never a host's carries no mark", async () => {
  await remove();
  await world.agents.join(7);
  expect(await world.people.waiting()).toMatchObject([{ removed: null }]);
});

test("keys that ended while the broker could not be told are cut at the next start, and no other [ENR-13]", async () => {
  const until = "2026-01-01T00:00:00.000Z";
  const ended = createTestAgent(world.clock, 8);
  const old = createTestAgent(world.clock, 9);
  const rows = [
    { key: ended, until },
    { key: old, until: "2025-12-01T00:00:00.000Z" },
    // Removed, and approved again since.
    { key: nas, until },
  ];
  for (const { key, ...row } of rows)
    await world.db
      .insertInto("former_keys")
      .values({
        ...row,
        public_key: key.publicKey,
        host_id: "h0000000000000099",
        host_name: "gone",
        fingerprint: key.fingerprint,
        since: "2025-01-01T00:00:00.000Z",
        reason: "removed",
      })
      .execute();
  world.hosts.start();
  await settle();
  expect(world.cut).toEqual([encodeNkey("user", ended.publicKey)]);
});

test("a runner that is removed hands the right to delete to nobody: forget and prune are off until one is chosen [MNT-07]", async () => {
  const laptop = await createApprovedAgent(world, 2, "laptop");
  await addRepository("shared", [laptop.hostId]);
  await world.db
    .insertInto("repository_maintenance")
    .values({
      repository_id: "shared",
      forget_cron: "0 3 * * *",
      forget_enabled: 1,
      prune_cron: "0 4 * * 0",
      prune_enabled: 1,
      check_cron: "0 5 1 * *",
      check_enabled: 1,
      check_subset_pct: 5,
      runner_host_id: nas.hostId,
      handled: "{}",
      skipped: "{}",
    })
    .execute();
  await remove();
  const upkeep = await world.db
    .selectFrom("repository_maintenance")
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(upkeep).toMatchObject({
    forget_enabled: 0,
    prune_enabled: 0,
    check_enabled: 1,
    runner_host_id: null,
  });
  expect(world.emitted).toContainEqual({
    type: "repository.changed",
    repositoryId: "shared",
  });
  const { payload } = await world.db
    .selectFrom("audit_log")
    .select("payload")
    .where("action", "=", "host.remove")
    .executeTakeFirstOrThrow();
  expect(payload).toContain('"upkeep_stopped":["shared"]');
});
