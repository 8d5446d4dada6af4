import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { signingKey } from "../identity/keys.ts";
import { createOutbox } from "../link/outbox.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createJobStore } from "./job-store.ts";
import { createLockSuspects } from "./lock-suspects.ts";
import { recoverJobs } from "./recovery.ts";

const tempDir = createTempDirs();
const [jobId, repositoryId] = [
  "01JGG8V4N000000000000000J1",
  "01JGG8V4N000000000000000R1",
];

test("a job that was lost is told once the agent's full disk has room again [AGT-13]", async () => {
  const clock = createManualClock();
  const db = openStateDb(join(tempDir(), "agent.db"));
  const time = { stamp: () => new Date(clock.now()).toISOString() };
  const jobs = createJobStore(db);
  const about = { job_id: jobId, actor: "user", schedule_id: null } as const;
  jobs.add({ ...about, kind: "prune", repository_id: repositoryId } as never);
  jobs.started(jobId, time.stamp());
  const outbox = createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign: signingKey(new Uint8Array(32).fill(4)).sign,
    time,
    random: createRandom(clock),
  });
  db.exec("PRAGMA query_only = 1");

  const ended: JobDone[] = [];
  const recovered = recoverJobs({
    clock,
    time,
    jobs,
    log: createLog({ level: "error", format: "text", clock, write() {} }),
    outbox,
    configuration: { current: () => null },
    suspects: createLockSuspects(db),
    runner: { run: () => Promise.reject(new Error("no restic is needed")) },
    hooks: { run: () => Promise.reject(new Error("there are no hooks")) },
    hostname: () => "endpoint",
    isGone: () => true,
    isAlive: () => false,
    live: () => {},
    ended: (done) => void ended.push(done),
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
  });
  await clock.advance(60_000);
  expect(ended).toEqual([]);
  db.exec("PRAGMA query_only = 0");
  await clock.advance(10_000);
  await recovered;
  expect(ended.map(({ job_id, outcome }) => [job_id, outcome])).toEqual([
    [jobId, "lost"],
  ]);
  expect(jobs.list()).toEqual([]);
});
