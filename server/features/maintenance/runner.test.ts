import { beforeEach, describe, expect, test } from "bun:test";
import type { JobKind, JobState } from "@restic-manager/shared/domain/job.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";
import {
  allowForget,
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

const snapshot = {
  id: "b".repeat(64),
  time: "2026-01-01T00:00:00.000Z",
  paths: ["/etc"],
  tags: ["default"],
  hostname: "nas",
  username: "root",
  parent: null,
  size_bytes: 1,
  file_count: 1,
};

const lock = {
  id: "e".repeat(64),
  exclusive: false,
  hostname: "restorer",
  username: "root",
  pid: 4711,
  time: "2026-01-01T00:00:00Z",
  state: "own_dead",
};

describe("a runner", () => {
  test("does the upkeep of another host's repository, and the endpoint never sees the admin credential [MNT-07]", async () => {
    await allowForget(server);
    const runner = await server.addHost(2, "runner");
    await server.settings({ runner_host_id: runner.hostId });
    await server.setAdmin({ url: "/srv/restic/backup", password: "other" });
    const { body: job } = await server.post("prune");

    expect(job.host_name).toBe("runner");
    expect(startsOf(server.nas)).toEqual([]);
    const [start] = startsOf(runner);
    expect(secretOf(runner, start?.command)).toMatchObject({
      url: "/srv/restic/backup",
      credential: { password: "other", username: "admin" },
    });
    const config = (await server.nas.ask("cfg.get", { have: 0 })) as {
      rev: number;
      box: string;
    };
    const bundle = server.nas.open("config", config.rev, config.box);
    expect(JSON.stringify(bundle)).not.toContain("may delete");
  });

  test("may report how it left a repository that it does not use, and a stranger may not [MNT-07]", async () => {
    await allowForget(server);
    const runner = await server.addHost(2, "runner");
    const stranger = await server.addHost(3, "stranger");
    await server.settings({ runner_host_id: runner.hostId });
    const { body: job } = await server.post("check", { subset_pct: 10 });
    expect(job.host_name).toBe("runner");
    const stats = (raw_size: number) => ({
      repository_id: server.repositoryId,
      at: "2026-01-01T00:00:00.000Z",
      stats: { raw_size },
    });
    await runner.report("repo.stats", stats(1000));
    await stranger.report("repo.stats", stats(1));
    expect((await server.repository()).stats.raw_size).toBe(1000);

    await runner.report("snap.part", {
      repository_id: server.repositoryId,
      rev: "01J00000000000000000000000",
      part: 0,
      of: 1,
      snapshots: [snapshot],
    });
    expect((await server.repository()).snapshot_count).toBe(1);
  });

  test("may report nothing while its job waits, nor may a host that restored from the repository [MNT-07]", async () => {
    await allowForget(server);
    const restorer = await server.addHost(2, "restorer");
    const waiting = await server.addHost(3, "waiting");
    const job = (host: TestEndpoint, kind: JobKind, status: JobState) =>
      server.db
        .insertInto("jobs")
        .values({
          id: server.random.id(),
          host_id: host.hostId,
          kind,
          status,
          actor_kind: "user",
          repository_id: server.repositoryId,
          queued_at: "2026-01-01T00:00:00.000Z",
        })
        .execute();
    await job(restorer, "restore", "succeeded");
    await job(waiting, "check", "queued");
    const list = (host: TestEndpoint, snapshots: object[]) =>
      host.report("snap.part", {
        repository_id: server.repositoryId,
        rev: server.random.id(),
        part: 0,
        of: 1,
        snapshots,
      });
    await list(server.nas, [snapshot]);
    for (const host of [restorer, waiting]) {
      await list(host, []);
      await host.report("repo.stats", {
        repository_id: server.repositoryId,
        at: "2026-01-01T00:00:00.000Z",
        stats: { raw_size: 1 },
      });
    }
    expect(await server.repository()).toMatchObject({
      snapshot_count: 1,
      stats: { raw_size: null },
    });

    const unlocked = {
      repository_id: server.repositoryId,
      job_id: null,
      at: "2026-01-01T00:00:00.000Z",
      locks: [lock],
    };
    await waiting.report("repo.unlocked", unlocked);
    expect(await server.actions()).not.toContain("repository.unlock");
    await restorer.report("repo.unlocked", unlocked);
    expect(await server.actions()).toContain("repository.unlock");
  });

  test("that is away is refused and leaves nothing behind, though other hosts are there [MNT-07]", async () => {
    await allowForget(server);
    const runner = await server.addHost(2, "runner");
    await server.settings({ runner_host_id: runner.hostId });
    await server.leave(runner);
    expect(refusalOf(await server.post("prune"))).toEqual([
      503,
      "host_offline",
    ]);
    expect(await server.jobs()).toEqual([]);
    expect(await server.actions()).not.toContain("repository.prune");
  });

  test("that went away unnoticed is refused too, and the audit says so", async () => {
    await allowForget(server);
    server.nas.disconnect({ stillSeen: true });
    expect(refusalOf(await server.post("prune"))).toEqual([
      503,
      "host_offline",
    ]);
    expect(await server.jobs()).toEqual([]);
    expect((await server.actions()).slice(-2)).toEqual([
      "repository.prune",
      "job.withdraw",
    ]);
  });
});
