import { expect, test } from "bun:test";
import {
  eventKinds,
  topic,
  type EventKind,
} from "@restic-manager/shared/protocol/topic.ts";
import type { DomainEvent } from "../events.ts";
import {
  createFeaturesWorld,
  createNewAgent,
} from "../testing/features-world.ts";
import { insertTestHost } from "../testing/test-agent.ts";
import { found, setUpBody } from "../testing/test-backups.ts";
import { ok, settle } from "../testing/test-endpoint.ts";

const at = "2026-01-01T00:00:00.000Z";
const lock = {
  id: "d".repeat(64),
  exclusive: false,
  hostname: "nas",
  username: "root",
  pid: 4711,
  time: at,
  state: "own_dead",
};

test("every message of an agent, sent twice more and in another order, changes nothing [TRN-06]", async () => {
  const world = createFeaturesWorld();
  const agent = createNewAgent(world);
  const { hostId } = agent;
  await insertTestHost(world.db, agent, { name: "nas" });
  agent.onCommand("repo.test", () => ok(found()));
  const line = await agent.connect(hostId);
  const admin = await world.as("admin");
  const body = setUpBody();
  const answer = await world.send(
    "POST",
    `/api/hosts/${hostId}/setup`,
    body,
    admin,
  );
  const { repository, group_id, schedule_id } = (await answer.json()) as {
    repository: { id: string };
    group_id: string;
    schedule_id: string;
  };

  const job_id = world.random.id();
  const origin = {
    job_id,
    kind: "backup",
    actor: "schedule",
    schedule_id: null,
    source_group_id: group_id,
    repository_id: repository.id,
    started_at: at,
  };
  const payloads: Record<EventKind | "log", object> = {
    "job.started": { ...origin, command: "restic backup" },
    "job.done": {
      ...origin,
      outcome: "succeeded",
      finished_at: at,
      exit_code: 0,
      error: null,
      stats: { snapshot_id: "c".repeat(64) },
      log_lines: 1,
    },
    "snap.part": {
      repository_id: repository.id,
      rev: world.random.id(),
      part: 0,
      of: 1,
      snapshots: [],
    },
    "repo.stats": {
      repository_id: repository.id,
      at,
      stats: { snapshot_count: 1, raw_size: 5, locks: [lock] },
    },
    "repo.unlocked": {
      repository_id: repository.id,
      job_id,
      at,
      locks: [lock],
    },
    "sched.missed": {
      schedule_id,
      source_group_id: group_id,
      reason: "abandoned",
      first_due_at: at,
      last_due_at: at,
      count: 1,
      caught_up_by: [],
      attempts: 3,
    },
    "cfg.applied": { rev: 1, tz: "Etc/UTC", schedules: [] },
    log: { job_id, lines: [{ n: 1, t: at, s: "stdout", l: "one", k: "info" }] },
    "log.gap": { from_seq: 9, to_seq: 9, job_ids: [job_id] },
  };
  const durable = (["log", ...eventKinds] as const).map((kind, i) => {
    // The gap is the last, and its range ends before its own number.
    const seq = kind === "log.gap" ? 10 : i + 1;
    const { text } = agent.event(seq, kind, payloads[kind]);
    const subject =
      kind === "log" ? topic.log(hostId, job_id) : topic.event(hostId, kind);
    return () => line.publish(subject, text);
  });
  const asked = (["resume", "cfg.get", "renew"] as const).map((op) => {
    const { text } = agent.request(op, { epoch: agent.epoch, have: 0 });
    return async () =>
      void (await line.request(topic.request(hostId, op), text));
  });
  const beat = agent.beat({ cfg_rev: 1 });
  const messages = [
    ...durable,
    ...asked,
    () => line.publish(topic.heartbeat(hostId), beat),
  ];

  async function say(all: typeof messages): Promise<void> {
    for (const send of all) await send();
    await settle();
    await world.clock.advance(2000);
    await settle();
  }

  await say(messages);
  const before = await everyRow(world.db);
  expect(before["jobs"]).toMatchObject([{ id: job_id, status: "succeeded" }]);
  expect(before["missed_fires"]).toHaveLength(1);
  expect(before["agent_streams"]).toMatchObject([{ committed_seq: 10 }]);
  const heard: DomainEvent[] = [];
  world.events.on((event) => heard.push(event));
  await say([...messages, ...messages.toReversed()]);
  expect(await everyRow(world.db)).toEqual(before);
  expect(heard).toEqual([]);
  world.stop();
});

type World = ReturnType<typeof createFeaturesWorld>;

/** All there is, but for when somebody was heard last. */
async function everyRow(db: World["db"]): Promise<Record<string, object[]>> {
  const tables = await db.introspection.getTables();
  const rows: Record<string, object[]> = {};
  for (const { name } of tables) {
    const all = await db
      .selectFrom(name as "hosts")
      .selectAll()
      .execute();
    rows[name] = all.map((row) => ({
      ...row,
      last_seen_at: null,
      updated_at: null,
    }));
  }
  return rows;
}
