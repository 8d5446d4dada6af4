import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import type {
  JobProgress,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import { at, day, GB, id, MB, minute, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";

export function job(jobId: string, more: Partial<Job> = {}): Job {
  return {
    id: jobId,
    host_id: hostDetail("pg-primary").id,
    host_name: "pg-primary",
    kind: "backup",
    state: "succeeded",
    actor: "schedule",
    actor_name: null,
    schedule_id: id("SCHEDULE"),
    source_group_id: id("SOURCE"),
    source_group_name: "default",
    repository_id: id("REPO"),
    repository_name: "pg-primary",
    due_at: null,
    queued_at: at(now - 21 * minute - 2000),
    started_at: at(now - 21 * minute),
    finished_at: at(now),
    exit_code: 0,
    error: null,
    stats: null,
    upkeep: null,
    restore: null,
    restore_request: null,
    snapshot_id: null,
    command:
      "restic backup --json --tag default --host pg-primary --exclude-caches --files-from-verbatim - ",
    log_lines: 0,
    progress: null,
    cancel_requested: false,
    ...more,
  };
}

/** What a person has just started. */
export function startedJob(
  world: { jobs: Job[]; log: unknown[] },
  jobId: string,
  more: Partial<Job>,
): Job {
  const started = job(jobId, {
    state: "sent",
    actor: "user",
    actor_name: "sam.keller",
    started_at: null,
    finished_at: null,
    exit_code: null,
    command: null,
    ...more,
  });
  world.jobs.unshift(started);
  world.log = [];
  return started;
}

export function progress(
  percent: number,
  more: Partial<JobProgress> = {},
): JobProgress {
  return {
    phase: "backup",
    percent,
    bytes_done: (percent / 100) * 214.9 * GB,
    bytes_total: 214.9 * GB,
    files_done: Math.floor((percent / 100) * 41_882),
    files_total: 41_882,
    current_files: [
      "/var/lib/postgresql/16/main/base/24576/83112",
      "/var/lib/postgresql/16/main/base/24576/83140",
      "/var/lib/postgresql/16/main/pg_wal/00000001000000A7",
    ],
    errors: 13,
    seconds_elapsed: 21 * 60,
    seconds_remaining: 659,
    rate: 131 * MB,
    ...more,
  };
}

export function seedJobs(): Job[] {
  const running = job(id("RUNpg-primary"), {
    state: "running",
    finished_at: null,
    exit_code: null,
    log_lines: 386,
    progress: progress(62),
  });
  const wobble = [1, 1.1, 0.9, 1.2, 0.8, 2.1, 1, 0.95, 1.05, 1.15];
  const past = Array.from({ length: 40 }, (_, index) => {
    const state =
      index === 1
        ? "failed"
        : index === 4
          ? "succeeded_with_issues"
          : "succeeded";
    const start = now - (index + 1) * day;
    const factor = wobble[index % wobble.length] ?? 1;
    return job(id(`PAST${String(index).padStart(3, "0")}`), {
      state,
      queued_at: at(start - 1000),
      started_at: at(start),
      finished_at: at(start + factor * 27 * minute),
      exit_code: state === "failed" ? 11 : state === "succeeded" ? 0 : 3,
      error:
        state === "failed"
          ? {
              code: "repository_locked",
              message:
                "The repository is locked by another process; the job log names it.",
            }
          : null,
      stats:
        state === "failed"
          ? null
          : {
              files_new: 210,
              files_changed: 1_302,
              files_unmodified: 40_370,
              data_added: factor * factor * 3.8 * GB,
              data_added_packed: factor * factor * 1.2 * GB,
              total_files_processed: 41_882,
              total_bytes_processed: 214.9 * GB,
              ...(state === "succeeded" ? {} : { errors: 14 }),
            },
      snapshot_id: state === "failed" ? null : "d64db632".repeat(8),
      log_lines: 386,
    });
  });
  return [running, ...past];
}

export function logLine(n: number, more: Partial<LogLine> = {}): LogLine {
  return {
    n,
    t: at(now - 21 * minute + n * 1000),
    s: "stdout",
    l: `/var/lib/postgresql/16/main/base/${16_384 + (n % 3)}/${10_000 + n * 7}`,
    k: "changed",
    ...more,
  };
}

export function seedLog(): LogLine[] {
  return Array.from({ length: 386 }, (_, index) => {
    const n = index + 1;
    if (n === 1)
      return logLine(n, {
        k: "info",
        s: "system",
        l: "repository 7c41a90f opened (version 2, compression level auto)",
      });
    if (n % 97 === 61) {
      return logLine(n, {
        k: "warning",
        s: "stderr",
        l: `/var/lib/postgresql/16/main/base/16385/${n}: file changed while it was read`,
      });
    }
    if (n === 131)
      return logLine(n, {
        k: "error",
        s: "stderr",
        l: "/var/lib/postgresql/16/main/postmaster.opts.bak: permission denied",
      });
    if (n % 5 === 0)
      return logLine(n, {
        k: "new",
        l: `/var/lib/postgresql/16/main/pg_wal/${70_000 + n}`,
      });
    return logLine(n);
  });
}

export function seedSnapshots(): Snapshot[] {
  return Array.from({ length: 60 }, (_, index) => {
    const hex = (0xd64db632 - index * 0x1234567)
      .toString(16)
      .padStart(8, "0")
      .slice(-8);
    return {
      id: hex.repeat(8),
      short_id: hex,
      time: at(now - (index + 1) * day - index * 3 * minute),
      hostname: "pg-primary",
      username: "root",
      paths: ["/etc", "/srv", "/var/lib/postgresql"],
      tags: ["default"],
      parent: null,
      size_bytes: (3.6 - index * 0.01) * 1000 * GB,
      file_count: 41_882 - index * 11,
      repository_id: id("REPO"),
      own: index !== 5,
    };
  });
}
