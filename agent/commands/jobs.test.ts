import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import {
  createJobStore,
  type BackupRequest,
  type JobRequest,
} from "./job-store.ts";
import { createJobs, type Turn } from "./jobs.ts";

const tempDir = createTempDirs();
const request: BackupRequest = {
  job_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  kind: "backup",
  actor: "schedule",
  schedule_id: null,
  source_group_id: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
  due_at: null,
};

function queue() {
  const db = openStateDb(join(tempDir(), "agent.db"));
  const jobs = createJobs({
    store: createJobStore(db),
    log: createLog({
      level: "info",
      format: "text",
      clock: createManualClock(),
      write: () => {},
    }),
    live: () => {},
    recovered: Promise.resolve(),
  });
  return { db, jobs };
}

test("a job whose taking on was undone by a full disk does not run [JOB-05]", async () => {
  const { db, jobs } = queue();
  const ran: string[] = [];
  const take = (name: string) =>
    jobs.accept(request, async () => void ran.push(name));

  const fire = db.transaction(() => {
    take("undone");
    throw new Error("database or disk is full");
  });
  expect(fire).toThrow("full");
  await jobs.stop();
  expect(ran).toEqual([]);
});

/** Jobs that say when they begin and end; one that waits gives way until it is to end. */
function told() {
  const { jobs } = queue();
  const said: string[] = [];
  let made = 0;
  const take = (kind: JobKind, run: (turn: Turn) => Promise<void>) => {
    const jobId = request.job_id.slice(0, -1) + String(made++);
    const job: JobRequest =
      kind === "backup" || kind === "restore"
        ? { ...request, job_id: jobId }
        : {
            job_id: jobId,
            kind,
            actor: "user",
            repository_id: request.source_group_id,
          };
    jobs.accept(job, async (signal, turn) => {
      said.push(`${kind} begins`);
      await run(turn);
      said.push(`${kind} ${signal.aborted ? "is stopped" : "ends"}`);
    });
    return jobId;
  };
  /** Waits as for a lock until somebody is let go first. */
  const waiting = async (turn: Turn) => {
    await new Promise<void>((resolve) => {
      const signal = turn.wanted();
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve());
    });
    await turn.giveWay((kind) => void said.push(`${kind} goes first`));
  };
  return { jobs, said, take, waiting };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("upkeep that waits for a lock lets backups and an unlock go first, one at a time, and goes on [LCK-02]", async () => {
  const { jobs, said, take, waiting } = told();
  take("prune", waiting);
  await settled();
  take("backup", async () => {});
  take("unlock", async () => {});
  await settled();
  await jobs.stop();
  expect(said).toEqual([
    "prune begins",
    "backup goes first",
    "backup begins",
    "backup ends",
    "unlock goes first",
    "unlock begins",
    "unlock ends",
    "prune ends",
  ]);
});

test("a backup that waits for a lock lets an unlock go first, and no other backup between its hooks [LCK-02]", async () => {
  const { jobs, said, take, waiting } = told();
  take("backup", waiting);
  take("prune", async () => {});
  take("unlock", async () => {});
  await settled();
  await jobs.stop();
  expect(said).toEqual([
    "backup begins",
    "unlock goes first",
    "unlock begins",
    "unlock ends",
    "backup ends",
    "prune begins",
    "prune ends",
  ]);
});

test("a job that let another go first is cancelled at once, and the next waits for that other [JOB-07]", async () => {
  const { jobs, said, take, waiting } = told();
  const other = Promise.withResolvers<void>();
  const jobId = take("prune", waiting);
  take("backup", () => other.promise);
  await settled();
  take("unlock", async () => {});
  jobs.cancel(jobId);
  await settled();
  expect(said.at(-1)).toBe("prune is stopped");
  expect(said).not.toContain("unlock begins");
  other.resolve();
  await settled();
  await jobs.stop();
  expect(said.slice(-3)).toEqual([
    "backup ends",
    "unlock begins",
    "unlock ends",
  ]);
});
