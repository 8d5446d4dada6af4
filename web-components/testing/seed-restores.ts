import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { at, GB, id, MB, minute, now } from "./moments.ts";
import { hostDetail } from "./seed-hosts.ts";
import { job, progress } from "./seed-jobs.ts";

export const restoredSnapshot = "d64db632".repeat(8);

/** A restore that has ended well, into a folder of its own. */
export function restoreJob(jobId: string, more: Partial<Job> = {}): Job {
  return job(jobId, {
    kind: "restore",
    actor: "user",
    actor_name: "sam.keller",
    schedule_id: null,
    source_group_id: null,
    source_group_name: null,
    queued_at: at(now - 9 * minute),
    started_at: at(now - 9 * minute),
    finished_at: at(now - 3 * minute),
    command:
      "restic restore d64db632:/var/lib --json --target /root/restore --include /postgresql/16/main",
    restore: {
      files_restored: 1_204,
      files_skipped: 17,
      bytes_restored: 12.4 * GB,
      bytes_skipped: 41 * MB,
      total_files: 1_221,
      total_bytes: 12.44 * GB,
      target: "/root/restore-2026-11-28",
    },
    restore_request: {
      repository_id: id("REPO"),
      snapshot_id: restoredSnapshot,
      paths: ["/var/lib/postgresql/16/main", "/etc/postgresql"],
      target: { mode: "new_directory", path: "~/restore-2026-11-28" },
      overwrite: "if-changed",
      strip: null,
      from_host_id: null,
    },
    ...more,
  });
}

export function runningRestore(): Job {
  const whole = restoreJob(id("RESTORING"));
  return {
    ...whole,
    state: "running",
    finished_at: null,
    exit_code: null,
    restore: null,
    restore_request: {
      ...whole.restore_request!,
      target: { mode: "in_place" },
      overwrite: "always",
      from_host_id: hostDetail("nas-01").id,
    },
    progress: progress(41, {
      phase: "restoring",
      bytes_done: 5.1 * GB,
      bytes_total: 12.44 * GB,
      files_done: 502,
      files_total: 1_221,
      current_files: [],
      errors: 0,
      seconds_remaining: 75,
      rate: 98 * MB,
    }),
  };
}

/** Owners that could not be set are an issue, not a failure. */
export function issuesRestore(): Job {
  return restoreJob(id("OWNERS"), {
    state: "succeeded_with_issues",
    exit_code: 1,
    error: {
      code: "restore_incomplete",
      message:
        "2 files were restored without their owner, which only root may set.",
    },
    restore: { files_restored: 12, bytes_restored: 3 * MB, errors: 2 },
  });
}
