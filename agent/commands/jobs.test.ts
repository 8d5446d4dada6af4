import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createLog } from "../log.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createJobStore, type BackupRequest } from "./job-store.ts";
import { createJobs } from "./jobs.ts";

const tempDir = createTempDirs();
const request: BackupRequest = {
  job_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  kind: "backup",
  actor: "schedule",
  schedule_id: null,
  source_group_id: "01ARZ3NDEKTSV4RRFFQ69G5FAW",
  due_at: null,
};

test("a job whose taking on was undone by a full disk does not run [JOB-05]", async () => {
  const db = openStateDb(join(tempDir(), "agent.db"));
  const ran: string[] = [];
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
