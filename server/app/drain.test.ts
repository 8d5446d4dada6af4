import { afterAll, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { createBrokerAgent } from "../testing/broker-agent.ts";
import type { BrokerAgent } from "../testing/broker-agent.ts";
import { createTestAgent, insertTestHost } from "../testing/test-agent.ts";
import { createTestApp } from "../testing/test-app.ts";
import { settle } from "../testing/test-endpoint.ts";

const place = createTestApp();
afterAll(place.remove);
const random = createRandom(systemClock);

const batches = 40;
const linesOfBatch = 25;

/** A backup as its agent tells it: begun, a long log, done. */
function backup(agent: BrokerAgent): void {
  const { hostId } = agent.agent;
  const at = new Date(systemClock.now()).toISOString();
  const job = {
    job_id: random.id(),
    kind: "backup",
    actor: "schedule",
    schedule_id: null,
    source_group_id: null,
    repository_id: null,
    started_at: at,
  };
  const put = (kind: "job.started" | "job.done", p: object) =>
    agent.put(topic.event(hostId, kind), kind, { ...job, ...p });
  put("job.started", { command: "restic backup" });
  for (let batch = 0; batch < batches; batch++) {
    const lines = Array.from({ length: linesOfBatch }, (_, index) => ({
      n: batch * linesOfBatch + index + 1,
      t: at,
      s: "stdout",
      l: `line ${index} of batch ${batch}`,
      k: "info",
    }));
    const p = { job_id: job.job_id, lines };
    agent.put(topic.log(hostId, job.job_id), "log", p);
  }
  put("job.done", {
    outcome: "succeeded",
    finished_at: at,
    exit_code: 0,
    error: null,
    stats: null,
    log_lines: batches * linesOfBatch,
  });
}

type Started = Awaited<ReturnType<typeof place.start>>;

async function stored({ db }: Started) {
  const jobs = await db.selectFrom("jobs").select("status").execute();
  const lines = await db.selectFrom("job_logs").select("seq").execute();
  return { statuses: jobs.map(({ status }) => status), lines: lines.length };
}

test("a server that stops while twenty jobs run loses nothing, and they succeed at the next one [RES-08]", async () => {
  const first = await place.start();
  const agents = Array.from({ length: 20 }, (_, index) =>
    createBrokerAgent(createTestAgent(systemClock, index + 1)),
  );
  for (const { agent } of agents) await insertTestHost(first.db, agent);
  agents.forEach(backup);

  const sending = agents.map((agent) => agent.connect(first.url));
  while ((await stored(first)).statuses.length < agents.length) await settle();
  await first.stop();
  await Promise.all(sending);
  expect(agents.some((agent) => agent.waiting() > 0)).toBe(true);
  const wal = join(place.dataDir, "restic-manager.db-wal");
  expect(existsSync(wal) && statSync(wal).size > 0).toBe(false);

  const second = await place.start();
  await Promise.all(agents.map((agent) => agent.connect(second.url)));
  expect(agents.map((agent) => agent.waiting())).toEqual(agents.map(() => 0));
  const total = agents.length * batches * linesOfBatch;
  const isDone = async () => {
    const { statuses, lines } = await stored(second);
    return lines >= total && statuses.every((status) => status === "succeeded");
  };
  while (!(await isDone())) await settle();
  expect(await stored(second)).toEqual({
    statuses: agents.map(() => "succeeded"),
    lines: total,
  });
  await Promise.all(agents.map((agent) => agent.close()));
  await second.stop();
}, 60_000);
