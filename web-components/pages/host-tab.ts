import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type {
  Repository,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type { Data } from "../data/data.ts";

/** What the tabs on a host's sources, schedules and hooks show. */
export interface HostParts {
  readonly host: HostDetail;
  readonly groups: readonly SourceGroup[];
  readonly schedules: readonly Schedule[];
  readonly repositories: readonly Repository[];
  readonly data: Data;
  /** Fetches groups and schedules again. */
  readonly reload: () => Promise<void>;
}

/** What a toast says after a change that the host's agent has to take over. */
export function takenOver(what: string, { name, online }: HostDetail): string {
  return online
    ? `${what}; the agent takes it over`
    : `${what}; ${name} takes it over when it is back`;
}
