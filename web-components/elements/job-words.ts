import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import { duration } from "./format.ts";

export const kindNames: Readonly<Record<JobKind, string>> = {
  backup: "Backup",
  forget: "Forget",
  prune: "Prune",
  check: "Check",
  unlock: "Unlock",
  init: "Re-initialise",
};

export function kindName(kind: JobKind): string {
  return kindNames[kind];
}

/** What a job is about: a backup is of a host, upkeep of a repository. */
export function jobTitle(
  job: Pick<Job, "kind" | "host_name" | "repository_name">,
): string {
  const about =
    job.kind === "backup"
      ? job.host_name
      : (job.repository_name ?? "a repository");
  return `${kindName(job.kind)} of ${about}`;
}

/** A job's name for people: the last six characters of its id. */
export function shortId(id: string): string {
  return id.slice(-6);
}

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

/** Milliseconds from start to end, or to `now`; null before the start. */
export function elapsed(
  job: Pick<Job, "started_at" | "finished_at">,
  now: number,
): number | null {
  if (job.started_at === null) return null;
  return (
    (job.finished_at === null ? now : Date.parse(job.finished_at)) -
    Date.parse(job.started_at)
  );
}

export function elapsedText(
  job: Pick<Job, "started_at" | "finished_at">,
  now: number,
): string {
  const ms = elapsed(job, now);
  return ms === null ? "–" : duration(ms);
}
