import { z } from "zod";
import {
  jobActors,
  maintenanceKinds,
} from "@restic-manager/shared/domain/job.ts";
import { timestamp, ulidText } from "@restic-manager/shared/domain/ids.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { bandwidth } from "@restic-manager/shared/protocol/command.ts";
import type { StateDb } from "../state-db.ts";

const requestOf = {
  job_id: ulidText,
  actor: z.enum(jobActors),
  /** Of this job alone, instead of the host's. */
  limits: bandwidth.optional(),
};

/** A backup that was taken on, by command or by schedule. */
const backupRequest = z.object({
  ...requestOf,
  // A request that was kept before there was upkeep does not say it.
  kind: z.literal("backup").default("backup"),
  schedule_id: ulidText.nullable(),
  source_group_id: ulidText,
  due_at: timestamp.nullable().default(null),
});
export type BackupRequest = z.infer<typeof backupRequest>;

/** Upkeep that was taken on. What opens its repository is kept in memory only. */
const upkeepRequest = z.object({
  ...requestOf,
  kind: z.enum(maintenanceKinds),
  repository_id: ulidText,
});
export type UpkeepRequest = z.infer<typeof upkeepRequest>;

/** A restore that was taken on; what to restore, and with which access, is kept in memory only. */
const restoreRequest = z.object({
  ...requestOf,
  kind: z.literal("restore"),
  repository_id: ulidText,
});
export type RestoreRequest = z.infer<typeof restoreRequest>;

const jobRequest = z.union([backupRequest, upkeepRequest, restoreRequest]);
export type JobRequest = z.infer<typeof jobRequest>;

/** What the reports of a job say about it. */
export function aboutJob(request: JobRequest, repositoryId: string | null) {
  const { job_id, kind, actor } = request;
  const isBackup = request.kind === "backup";
  return {
    job_id,
    kind,
    actor,
    schedule_id: isBackup ? request.schedule_id : null,
    source_group_id: isBackup ? request.source_group_id : null,
    repository_id: repositoryId,
    due_at: isBackup ? request.due_at : null,
  };
}

export interface StoredJob {
  readonly request: JobRequest;
  /** RFC 3339 UTC; null while it waits for its turn. */
  readonly startedAt: string | null;
  readonly pid: number | null;
  /** Lines of its log that are in the outbox or beyond. */
  readonly logLines: number;
  /** Whether a post-hook is to run for it. */
  readonly owesHook: boolean;
}

/** Jobs from being taken on until their result is in the outbox. What is found here at start was lost by a crash. */
export interface JobStore {
  /** In the order they were taken on. */
  list(): StoredJob[];
  add(request: JobRequest): void;
  started(jobId: string, at: string): void;
  running(jobId: string, pid: number | null): void;
  logged(jobId: string, lines: number): void;
  owesHook(jobId: string, owes: boolean): void;
  remove(jobId: string): void;
}

interface Row {
  request: string;
  started_at: string | null;
  pid: number | null;
  log_lines: number;
  hooked: number;
}

export function createJobStore(db: StateDb): JobStore {
  return {
    list() {
      const rows = db
        .query(
          "SELECT request, started_at, pid, log_lines, hooked FROM jobs ORDER BY rowid",
        )
        .all() as Row[];
      return rows.flatMap((row) => {
        const request = parseJson(row.request, jobRequest);
        return request === null
          ? []
          : [
              {
                request,
                startedAt: row.started_at,
                pid: row.pid,
                logLines: row.log_lines,
                owesHook: row.hooked === 1,
              },
            ];
      });
    },
    add(request) {
      db.query("INSERT INTO jobs (job_id, request) VALUES (?, ?)").run(
        request.job_id,
        JSON.stringify(request),
      );
    },
    started(jobId, at) {
      db.query("UPDATE jobs SET started_at = ? WHERE job_id = ?").run(
        at,
        jobId,
      );
    },
    running(jobId, pid) {
      db.query("UPDATE jobs SET pid = ? WHERE job_id = ?").run(pid, jobId);
    },
    logged(jobId, lines) {
      db.query("UPDATE jobs SET log_lines = ? WHERE job_id = ?").run(
        lines,
        jobId,
      );
    },
    owesHook(jobId, owes) {
      db.query("UPDATE jobs SET hooked = ? WHERE job_id = ?").run(
        owes ? 1 : 0,
        jobId,
      );
    },
    remove(jobId) {
      db.query("DELETE FROM jobs WHERE job_id = ?").run(jobId);
    },
  };
}
