import { beforeEach, expect, test } from "bun:test";
import { ok, refused, settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import {
  createTestRestores,
  findings,
  keyId,
  toldTo,
} from "../../testing/test-restores.ts";
import type { TestRestores } from "../../testing/test-restores.ts";
import { refusalOf } from "../../testing/test-upkeep.ts";
import { stopUpkeepBy } from "../repos/of-host.ts";

let server: TestRestores;
let nas: TestEndpoint;
let other: TestEndpoint;

/** `other` does not use the repository of `nas`, which may delete with its admin credential. */
beforeEach(async () => {
  server = await createTestRestores();
  ({ nas } = server);
  other = await server.addHost(2, "other");
  await server.setAdmin({
    url: "rest:http://nas:8001/backup",
    username: "admin",
    user_password: "may delete",
  });
});

const across = () =>
  server.restore({ host_id: other.hostId, confirm: "other" });
const keyCommands = (host = nas) =>
  toldTo(host, "repo.key").map((secret) => secret.do);

test("another host gets a password of its own, and it is gone from the repository when the restore has ended [RTR-07]", async () => {
  const { status, body: job } = await across();
  expect([status, job.host_name]).toEqual([202, "other"]);
  expect(job.restore_request.from_host_id).toBe(nas.hostId);
  const [added] = toldTo(nas, "repo.key");
  expect(added).toMatchObject({
    do: "add",
    url: "rest:http://nas:8001/backup",
    credential: { password: "correct horse", user_password: "may delete" },
  });

  // By the address that the hosts use, and without what may delete.
  const [start] = toldTo(other, "job.start");
  expect(start).toMatchObject({
    url: "rest:http://nas:8000/backup",
    credential: { password: added.new_password, username: "nas" },
  });
  expect(JSON.stringify(start)).not.toMatch(/correct horse|may delete/);

  await server.minutes(30);
  expect(keyCommands()).toEqual(["add"]);
  await server.end(other, job);
  expect(toldTo(nas, "repo.key")[1]).toMatchObject({
    do: "remove",
    url: "rest:http://nas:8001/backup",
    key_id: keyId,
    label: added.label,
  });
  expect(await server.keys()).toEqual([]);
  expect((await server.actions()).slice(-3)).toEqual([
    "repository.key_add",
    "host.restore",
    "repository.key_remove",
  ]);
});

test.each(["failed", "cancelled"])(
  "the key goes too when the restore is %s [RTR-07]",
  async (outcome) => {
    const { body: job } = await across();
    await server.end(other, job, { outcome });
    expect(keyCommands()).toEqual(["add", "remove"]);
  },
);

test("the key goes too when the host is lost in mid-restore [RTR-07]", async () => {
  const { body: job } = await across();
  await server.clock.advance(120_000);
  await server.reconcile({
    host: other.hostId,
    running_jobs: [],
    outbox_depth: 0,
  });
  await settle();
  expect((await server.job(job.id)).state).toBe("lost");
  expect(keyCommands()).toEqual(["add", "remove"]);
});

test("the typed name of the target is asked for across hosts [RTR-07]", async () => {
  const answer = await server.restore({ host_id: other.hostId });
  expect(refusalOf(answer)).toEqual([409, "name_mismatch"]);
  expect(keyCommands()).toEqual([]);
});

test("a restore that does not start leaves no key and no job [RTR-07]", async () => {
  other.disconnect({ stillSeen: true });
  expect(refusalOf(await across())).toEqual([503, "host_offline"]);
  await settle();
  expect(keyCommands()).toEqual(["add", "remove"]);
  expect([await server.keys(), await server.jobs()]).toEqual([[], []]);
});

test("a snapshot that is forgotten while the key is made is not restored, and the key goes [RTR-07]", async () => {
  nas.onCommand("repo.key", () => {
    void server.db.deleteFrom("snapshots").execute();
    return ok({ key_id: keyId });
  });
  expect(refusalOf(await across())).toEqual([404, "snapshot_not_found"]);
  await settle();
  expect(keyCommands()).toEqual(["add", "remove"]);
  expect([await server.keys(), await server.jobs()]).toEqual([[], []]);
});

test("what the agent says of a key it cannot add is handed on, and nothing starts [RTR-07]", async () => {
  nas.onCommand("repo.key", () =>
    refused("repository_unreachable", "The rest-server does not answer."),
  );
  const answer = await across();
  expect(refusalOf(answer)).toEqual([409, "restore_refused"]);
  expect(answer.body.message).toContain("The rest-server does not answer.");
  expect(answer.body.cause).toBe("repository_unreachable");
  expect(other.received).toEqual([]);
});

test("a key whose answer was lost is removed by its label, not before the agent is done with it [RTR-07]", async () => {
  nas.onCommand("repo.key", () => "silent");
  const answer = across();
  await settle();
  await server.minutes(1);
  expect(refusalOf(await answer)).toEqual([504, "agent_timeout"]);
  expect(keyCommands()).toEqual(["add"]);
  nas.onCommand("repo.key", () => ok());
  await server.minutes(3);
  const [added, removed] = toldTo(nas, "repo.key");
  expect(removed).toMatchObject({
    do: "remove",
    key_id: null,
    label: added.label,
  });
  expect(await server.keys()).toEqual([]);
});

test("a key that cannot be removed is tried again, less and less often, until it is gone [RTR-07]", async () => {
  const { body: job } = await across();
  nas.onCommand("repo.key", () =>
    refused("repository_unreachable", "The rest-server does not answer."),
  );
  await server.end(other, job);
  expect(await server.keys()).toMatchObject([
    { last_error: "The rest-server does not answer." },
  ]);
  await server.minutes(60);
  const tries = keyCommands().length - 1;
  expect(tries).toBeGreaterThan(4);
  expect(tries).toBeLessThan(10);
  nas.onCommand("repo.key", () => ok());
  await server.minutes(31);
  expect(await server.keys()).toEqual([]);
});

test("a key is removed after a restart of the server too [RTR-07]", async () => {
  const { body: job } = await across();
  // As a server leaves it that dies before it hears of the end.
  await server.db
    .updateTable("jobs")
    .set({ status: "succeeded", finished_at: "2026-01-01T00:00:00.000Z" })
    .where("id", "=", job.id)
    .execute();
  expect(keyCommands()).toEqual(["add"]);
  await server.minutes(1);
  expect(keyCommands()).toEqual(["add", "remove"]);
});

test("a key that was being made when the server died is waited for, and removed by its label [RTR-07]", async () => {
  await server.db
    .insertInto("temporary_keys")
    .values({
      id: server.random.id(),
      repository_id: server.repositoryId,
      job_id: null,
      keeper_host_id: nas.hostId,
      restic_key_id: null,
      made_at: new Date(server.clock.now()).toISOString(),
      remove_after: new Date(server.clock.now() + 3_600_000).toISOString(),
      last_error: null,
    })
    .execute();
  await server.minutes(1);
  expect(keyCommands()).toEqual([]);
  await server.minutes(2);
  expect(toldTo(nas, "repo.key")).toMatchObject([
    { do: "remove", key_id: null },
  ]);
  expect(await server.keys()).toEqual([]);
});

test("a key is never kept longer than a week [RTR-07]", async () => {
  await across();
  server.clock.set(server.clock.now() + 7 * 24 * 3_600_000);
  await server.minutes(1);
  expect(await server.keys()).toEqual([]);
});

test("the keeper is who does the upkeep: no endpoint sees what may delete [RTR-07]", async () => {
  const runner = await server.addHost(3, "runner");
  runner.onCommand("repo.key", () => ok({ key_id: keyId }));
  await server.settings({ runner_host_id: runner.hostId });
  nas.received.length = 0;
  const { body: job } = await across();
  await server.end(other, job);
  expect(keyCommands(runner)).toEqual(["add", "remove"]);
  expect(nas.received).toEqual([]);
});

test("when the runner was removed no other host gets what may delete, until a person says so [RTR-07] [MNT-07]", async () => {
  const runner = await server.addHost(3, "runner");
  runner.onCommand("repo.key", () => ok({ key_id: keyId }));
  await server.settings({ runner_host_id: runner.hostId });
  const { body: job } = await across();
  await server.tx.run((trx) => stopUpkeepBy(trx, runner.hostId));
  await server.db.deleteFrom("hosts").where("id", "=", runner.hostId).execute();
  nas.received.length = 0;
  await server.end(other, job);
  other.onCommand("restore.check", () => ok(findings));
  const check = await server.check({ host_id: other.hostId });
  expect(check.body.revocation).toBe("forgotten_only");
  expect((await across()).status).toBe(202);
  await server.minutes(31);
  expect(nas.received).toEqual([]);
  expect(await server.keys()).toMatchObject([
    { last_error: expect.stringContaining("choose another one") },
  ]);

  await server.settings({ prune: { cron: "0 4 * * 0", enabled: true } });
  await server.minutes(31);
  expect(keyCommands()).toEqual(["remove"]);
  expect(await server.keys()).toEqual([]);
});

test("the check says that the login of the storage stays valid, whatever becomes of the key [RTR-07]", async () => {
  other.onCommand("restore.check", () => ok(findings));
  await server.call("PATCH", server.base, {
    env: { AWS_SECRET_ACCESS_KEY: "cloud" },
  });
  const { body } = await server.check({ host_id: other.hostId });
  expect(body).toMatchObject({
    revocation: "temporary_key",
    warnings: [
      "other also gets what the storage of the repository is reached with: the user and password of the rest-server, AWS_SECRET_ACCESS_KEY. These stay valid after the job: who controls that host could have kept them.",
    ],
  });
  expect(JSON.stringify(body)).not.toContain("cloud");
});

test("without an admin credential the password itself is given, sealed, and the check says so [RTR-07]", async () => {
  other.onCommand("restore.check", () =>
    ok({ ...findings, dry_run_problem: "-" }),
  );
  const asked = { host_id: other.hostId };
  const check = async () => (await server.check(asked)).body;
  expect((await check()).revocation).toBe("temporary_key");
  await server.call("DELETE", `${server.base}/admin-credential`);
  expect(await check()).toMatchObject({
    revocation: "forgotten_only",
    dry_run_problem: expect.stringContaining("only when the restore begins"),
  });
  // Before the restore the host gets nothing at all.
  for (const secret of toldTo(other, "restore.check"))
    expect(secret).toMatchObject({ url: null, credential: null });

  expect((await across()).status).toBe(202);
  expect(toldTo(other, "job.start")[0].credential.password).toBe(
    "correct horse",
  );
  expect(keyCommands()).toEqual([]);
  const rows = await server.db
    .selectFrom("audit_log")
    .select("payload")
    .where("action", "=", "host.restore")
    .execute();
  expect(JSON.parse(rows[0]?.payload ?? "{}").revocation).toBe(
    "forgotten_only",
  );
});

test("a host that is gone can still be restored from, by another one [RTR-07]", async () => {
  await server.leave(nas);
  other.onCommand("restore.check", () => ok(findings));
  const { body } = await server.check({ host_id: other.hostId });
  expect(body.revocation).toBe("forgotten_only");
  expect((await across()).status).toBe(202);
});

test("a repository in a folder of another machine is warned about [RTR-07]", async () => {
  other.onCommand("restore.check", () => ok(findings));
  const ask = async (url: string) => {
    await server.db.updateTable("repositories").set({ url }).execute();
    return (await server.check({ host_id: other.hostId })).body.warnings;
  };
  expect(await ask("/srv/restic")).toEqual([
    "The repository is the folder /srv/restic: other must find the same one under this path.",
  ]);
  expect(await ask("sftp:nas:/srv")).toEqual([
    "The repository is reached over SSH: root on other needs a key of its own for it.",
  ]);
  expect(await ask("s3:https://nas/backup")).toEqual([]);
});
