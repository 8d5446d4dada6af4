import { beforeEach, expect, test } from "bun:test";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import {
  createTestUpkeep,
  secretOf,
  startsOf,
} from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;
let laptop: TestEndpoint;

beforeEach(async () => {
  server = await createTestUpkeep();
  laptop = await server.addHost(2, "other");
  await server.setUp(laptop);
  await server.keep({ daily: 7 });
  await server.setAdmin();
  server.startUpkeep();
});

test("what waits survives a restart of the server", async () => {
  const down = await createTestUpkeep();
  await down.setAdmin();
  const backup = down.newJob("backup");
  await down.report(down.nas, "job.started", backup);
  const { body: prune } = await down.post("prune");
  await down.report(down.nas, "job.done", backup);
  expect((await down.job(prune.id)).state).toBe("queued");
  down.startUpkeep();
  await down.clock.advance(60_000);
  await settle();
  expect((await down.job(prune.id)).state).toBe("sent");
});

const kindsGiven = () => startsOf(server.nas).map(({ kind }) => kind);
const minutes = async (count: number) => {
  await server.clock.advance(count * 60_000);
  await settle();
};
const stateOf = async (job: { id: string }) => (await server.job(job.id)).state;

test("forget waits for another host's backup instead of failing, and then runs [LCK-02]", async () => {
  const backup = server.newJob("backup");
  await server.report(laptop, "job.started", backup);
  const { status, body: forget } = await server.post("forget");
  expect([status, forget.state]).toEqual([202, "queued"]);
  expect(kindsGiven()).toEqual([]);

  await server.report(laptop, "job.done", backup);
  await settle();
  expect(kindsGiven()).toEqual(["forget"]);
  expect(await stateOf(forget)).toBe("sent");
});

test("upkeep of one repository runs one after another, in the order in which it was asked for [LCK-02]", async () => {
  const { body: prune } = await server.post("prune");
  const { body: check } = await server.post("check", { subset_pct: 40 });
  const { body: forget } = await server.post("forget");
  expect(await server.jobs()).toEqual([
    "prune sent",
    "check queued",
    "forget queued",
  ]);
  await server.report(server.nas, "job.done", prune);
  await settle();
  expect(kindsGiven()).toEqual(["prune", "check"]);
  const start = startsOf(server.nas).at(-1);
  expect(secretOf(server.nas, start?.command).subset_pct).toBe(40);
  await server.report(server.nas, "job.done", check);
  await settle();
  expect(kindsGiven()).toEqual(["prune", "check", "forget"]);
  expect(await stateOf(forget)).toBe("sent");
});

test("unlocking waits for nobody [LCK-02]", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  expect((await server.post("unlock")).body.state).toBe("sent");
});

test("other repositories are held up by nothing of this one [LCK-02]", async () => {
  const desk = await server.addHost(3, "desk");
  const { repository } = await server.setUp(desk, {
    repository: {
      url: "rest:http://desk:8000/own",
      mode: "existing",
      credential: { password: "x", env: {} },
    },
  });
  await server.report(laptop, "job.started", server.newJob("backup"));
  const path = `/api/repositories/${repository.id}/check`;
  expect((await server.call("POST", path, {})).body.state).toBe("sent");
});

test("asking again for what waits does not make it run twice", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  const { body: first } = await server.post("forget");
  const { body: second } = await server.post("forget");
  expect(second.id).toBe(first.id);
});

test("asking for more than what waits is not answered by that: all data is read when somebody wants it read", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  const { body: part } = await server.post("check");
  const { body: whole } = await server.post("check", { subset_pct: 100 });
  expect(whole.id).not.toBe(part.id);
  const { body: again } = await server.post("check", { subset_pct: 100 });
  expect(again.id).toBe(whole.id);
});

test("a waiting job can be cancelled, though no agent knows of it", async () => {
  const backup = server.newJob("backup");
  await server.report(laptop, "job.started", backup);
  const { body: forget } = await server.post("forget");
  const cancel = `/api/jobs/${forget.id}/cancel`;
  const { status, body } = await server.call("POST", cancel, {});
  expect([status, body.state, body.error.code]).toEqual([
    202,
    "cancelled",
    "cancelled",
  ]);
  await server.report(laptop, "job.done", backup);
  await minutes(1);
  expect(kindsGiven()).toEqual([]);
});

test("a host that went away in mid-backup holds nobody up: the repository's own locks decide [LCK-02]", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  const { body: forget } = await server.post("forget");
  await server.leave(laptop);
  await minutes(1);
  expect(await stateOf(forget)).toBe("sent");
});

test("backups without an end do not keep upkeep waiting for ever [LCK-02]", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  const { body: forget } = await server.post("forget");
  await minutes(5 * 60);
  expect(await stateOf(forget)).toBe("queued");
  await minutes(61);
  expect(await stateOf(forget)).toBe("sent");
});

test("what waits for a host that went away meanwhile ends, and says why", async () => {
  const backup = server.newJob("backup");
  await server.report(laptop, "job.started", backup);
  const { body: forget } = await server.post("forget");
  await server.leave(server.nas);
  await server.report(laptop, "job.done", backup);
  await minutes(4);
  expect(await stateOf(forget)).toBe("queued");
  await minutes(4);
  expect(await server.job(forget.id)).toMatchObject({
    state: "failed",
    error: { code: "host_offline" },
    finished_at: expect.any(String),
  });
});

test("what waits for a host that was away for a moment is sent when it is back", async () => {
  const backup = server.newJob("backup");
  await server.report(laptop, "job.started", backup);
  const { body: forget } = await server.post("forget");
  server.nas.disconnect({ stillSeen: true });
  await server.report(laptop, "job.done", backup);
  await minutes(1);
  expect(await stateOf(forget)).toBe("queued");
  await server.comeBack(server.nas);
  await minutes(1);
  expect(await stateOf(forget)).toBe("sent");
});

test("an admin credential that was taken away meanwhile is not used any more", async () => {
  const backup = server.newJob("backup");
  await server.report(laptop, "job.started", backup);
  const { body: forget } = await server.post("forget");
  await server.call("DELETE", `${server.base}/admin-credential`);
  await server.report(laptop, "job.done", backup);
  await settle();
  expect(await server.job(forget.id)).toMatchObject({
    state: "failed",
    error: { code: "admin_credential_missing" },
  });
  expect(kindsGiven()).toEqual([]);
});

test("the secrets of a waiting job are not stored with it [CRD-04]", async () => {
  await server.setAdmin({ user_password: "may delete" });
  await server.report(laptop, "job.started", server.newJob("backup"));
  await server.post("forget");
  const rows = await server.db.selectFrom("jobs").selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain("may delete");
});

test("what waits for a repository that is taken off the list ends, and says why", async () => {
  await server.report(laptop, "job.started", server.newJob("backup"));
  const { body: forget } = await server.post("forget");
  await server.db.deleteFrom("repositories").execute();
  await minutes(1);
  expect(await server.job(forget.id)).toMatchObject({
    state: "failed",
    error: { code: "repository_missing" },
  });
});

/** As after a restore under another secret key. */
const spoilCredentials = (repositoryId: string) =>
  server.db
    .updateTable("repository_credentials")
    .set({ sealed: new Uint8Array(8) })
    .where("repository_id", "=", repositoryId)
    .execute();

test("a waiting job whose repository's access cannot be decrypted ends, and holds no other repository up [LCK-02]", async () => {
  const desk = await server.addHost(3, "desk");
  const { repository } = await server.setUp(desk, {
    repository: {
      url: "rest:http://desk:8000/own",
      mode: "existing",
      credential: { password: "x", env: {} },
    },
  });
  const there = { repository_id: repository.id, source_group_id: null };
  const first = server.newJob("backup");
  await server.report(desk, "job.started", first, there);
  const path = `/api/repositories/${repository.id}/check`;
  const { body: check } = await server.call("POST", path, {});
  const second = server.newJob("backup");
  await server.report(laptop, "job.started", second);
  const { body: forget } = await server.post("forget");
  await spoilCredentials(repository.id);
  await server.report(desk, "job.done", first, there);
  await server.report(laptop, "job.done", second);
  await minutes(1);
  expect(await stateOf(forget)).toBe("sent");
  expect(await server.job(check.id)).toMatchObject({
    state: "failed",
    error: { message: expect.stringContaining("cannot be decrypted") },
  });
});

test("upkeep with an access that cannot be decrypted fails at once, and says why", async () => {
  await spoilCredentials(server.repositoryId);
  for (const kind of ["check", "forget", "prune"]) {
    const { status, body } = await server.post(kind);
    expect([status, body.state]).toEqual([202, "failed"]);
    expect(body.error.message).toContain("cannot be decrypted");
  }
  expect(kindsGiven()).toEqual([]);
});
