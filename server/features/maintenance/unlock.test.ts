import { beforeEach, describe, expect, test } from "bun:test";
import {
  refusalOf,
  createTestUpkeep,
  secretOf,
  startsOf,
} from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
});

describe("unlock", () => {
  const lock = (hostname: string, pid = 7) => ({
    id: `${pid}`.repeat(64).slice(0, 64),
    exclusive: false,
    hostname,
    username: "root",
    pid,
    time: "2026-01-01T00:00:00.000Z",
    state: "own_dead",
  });
  const locksOf = async () => (await server.repository()).stats.locks;

  test("goes to the host that holds a lock, since it alone can prove its process dead [MNT-05]", async () => {
    const remote = await server.addHost(2, "remote");
    await server.setUp(remote);
    await server.nas.report("repo.stats", {
      repository_id: server.repositoryId,
      at: "2026-01-01T00:00:00.000Z",
      stats: { locks: [lock("remote")] },
    });
    expect((await server.post("unlock")).body.host_name).toBe("remote");
  });

  test("takes what was removed off the page at once, and the audit names it [MNT-05] [LCK-01]", async () => {
    await server.nas.report("repo.stats", {
      repository_id: server.repositoryId,
      at: "2026-01-01T00:00:00.000Z",
      stats: { locks: [lock("nas", 7), lock("desk", 8)] },
    });
    expect(await locksOf()).toHaveLength(2);
    await server.nas.report("repo.unlocked", {
      repository_id: server.repositoryId,
      job_id: null,
      at: "2026-01-01T00:00:01.000Z",
      locks: [lock("nas", 7)],
    });
    expect(await locksOf()).toEqual([lock("desk", 8)]);
    const row = await server.db
      .selectFrom("audit_log")
      .selectAll()
      .where("action", "=", "repository.unlock")
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      actor_kind: "agent",
      actor_id: server.nas.hostId,
    });
    expect(row.payload).toContain("pid 7 of root on nas since");
  });

  test("of living processes too is for those who may prune, and not while a job runs [MNT-05]", async () => {
    const operator = await server.api.as("operator");
    const path = `${server.base}/unlock-all`;
    const answer = await server.api.send("POST", path, {}, operator);
    expect(answer.status).toBe(403);

    const backup = server.newJob("backup");
    await server.report(server.nas, "job.started", backup);
    expect(refusalOf(await server.post("unlock-all"))).toEqual([
      409,
      "repository_busy",
    ]);
    await server.report(server.nas, "job.done", backup);
    expect((await server.post("unlock-all")).status).toBe(202);
    const start = startsOf(server.nas).at(-1);
    expect(secretOf(server.nas, start?.command).all).toBe(true);
  });
});
