import type { RepositoryRow } from "../../db/schema.ts";

type Problem = Pick<RepositoryRow, "status" | "status_code" | "status_message">;

/**
 * Why a host cannot open a repository that other hosts back up into. That is the host's alone: noted at the repository,
 * each of their backups would take it away again. In memory only, since whoever connects tries again.
 */
export interface FirstUseProblems {
  of(hostId: string, repositoryId: string): Problem | null;
  /** Null: there is none any more. */
  set(hostId: string, repositoryId: string, problem: Problem | null): void;
}

export function createFirstUseProblems(): FirstUseProblems {
  const problems = new Map<string, Problem>();
  const key = (hostId: string, repositoryId: string) =>
    `${hostId} ${repositoryId}`;
  return {
    of: (hostId, repositoryId) =>
      problems.get(key(hostId, repositoryId)) ?? null,
    set(hostId, repositoryId, problem) {
      if (problem === null) problems.delete(key(hostId, repositoryId));
      else problems.set(key(hostId, repositoryId), problem);
    },
  };
}
