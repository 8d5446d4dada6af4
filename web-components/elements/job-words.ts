import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { JobActor, JobKind } from "@restic-manager/shared/domain/job.ts";
import { bytes, count, duration, plural } from "./format.ts";

export const kindNames: Readonly<Record<JobKind, string>> = {
  backup: "Backup",
  restore: "Restore",
  forget: "Forget",
  prune: "Prune",
  check: "Check",
  unlock: "Unlock",
  init: "Re-initialise",
};

export function kindName(kind: JobKind): string {
  return kindNames[kind];
}

/** Whether it moves a host's files; upkeep is of a repository, whoever does it. */
export function isOfHost({ kind }: Pick<Job, "kind">): boolean {
  return kind === "backup" || kind === "restore";
}

/** What a job is about. */
export function jobTitle(
  job: Pick<Job, "kind" | "host_name" | "repository_name">,
): string {
  if (job.kind === "restore") return `Restore on ${job.host_name}`;
  const about = isOfHost(job)
    ? job.host_name
    : (job.repository_name ?? "a repository");
  return `${kindName(job.kind)} of ${about}`;
}

/** A job's name for people: the last six characters of its id. */
export function shortId(id: string): string {
  return id.slice(-6);
}

/** For choosing by it. */
export const starterNames: Readonly<Record<JobActor, string>> = {
  user: "A user",
  schedule: "A schedule",
  system: "The server",
  agent: "The agent",
};

/** Who or what started it. */
export function startedBy(job: Pick<Job, "actor" | "actor_name">): string {
  switch (job.actor) {
    case "user":
      return job.actor_name ?? "a user";
    case "schedule":
      return "schedule";
    case "system":
      return "the server";
    case "agent":
      return "the agent";
  }
}

/** What an ended job did, in a few words; empty when there is nothing to say. */
export function resultText({
  stats,
  upkeep,
  restore,
}: Pick<Job, "stats" | "upkeep" | "restore">): string {
  if (stats?.data_added !== undefined)
    return `${bytes(stats.data_added)} added`;
  if (restore?.files_restored !== undefined)
    return `${plural(restore.files_restored, "file")} restored`;
  if (upkeep === null) return "";
  const { snapshots_before, snapshots_after } = upkeep;
  if (snapshots_before !== undefined && snapshots_after !== undefined)
    return `${plural(snapshots_before - snapshots_after, "snapshot")} removed, ${count(snapshots_after)} left`;
  if (upkeep.bytes_freed !== undefined)
    return `${bytes(upkeep.bytes_freed)} freed`;
  if (upkeep.errors !== undefined) return plural(upkeep.errors, "error");
  return upkeep.locks_removed === undefined
    ? ""
    : `${plural(upkeep.locks_removed, "lock")} removed`;
}

type Times = Pick<Job, "state" | "started_at" | "finished_at">;

/** Milliseconds from start to end, or to `now`; null before the start. Of a lost job only its being missed is known. */
export function elapsed(job: Times, now: number): number | null {
  if (job.started_at === null || job.state === "lost") return null;
  return (
    (job.finished_at === null ? now : Date.parse(job.finished_at)) -
    Date.parse(job.started_at)
  );
}

export function elapsedText(job: Times, now: number): string {
  const ms = elapsed(job, now);
  return ms === null ? "–" : duration(ms);
}
