import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { retentionConflict } from "@restic-manager/shared/domain/retention-conflict.ts";
import { defaultHookTimeoutS } from "@restic-manager/shared/domain/hook.ts";
import {
  retention,
  retryPolicy,
} from "@restic-manager/shared/domain/source.ts";
import type {
  RetryPolicy,
  SourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type { AppliedHooks } from "../hooks/applied.ts";
import { revisionOf } from "../../revision.ts";
import type {
  FeedingSchedule,
  SourceRecord,
  WholeSource,
} from "./source-store.ts";

/** A source group as the dashboard shows it; what its hooks say is not in it. */
export function sourceView(
  row: SourceRecord,
  hooks: AppliedHooks | undefined,
  schedules: readonly FeedingSchedule[],
): SourceGroup {
  const source = storedSource(row);
  const crons = schedules.flatMap(({ cron, enabled }) =>
    enabled ? [cron] : [],
  );
  return {
    ...source,
    repository_id: row.repository_id,
    hooks: {
      pre: hooks?.pre.owner ?? "none",
      post: hooks?.post.owner ?? "none",
      unreadable: hooks?.unreadable ?? false,
    },
    schedule_ids: schedules.map(({ id }) => id),
    conflict: retentionConflict(source.retention, crons),
    revision: sourceRevision(row),
  };
}

/** Of what its editor shows; its hooks have one of their own. */
export function sourceRevision(row: SourceRecord): string {
  return revisionOf({ ...storedSource(row), in: row.repository_id });
}

/** A source group as its agent gets it, without the repository. */
export function bundledSource(
  row: SourceRecord,
  hooks: AppliedHooks | undefined,
): Omit<ConfigBundle["groups"][number], "repository_id"> {
  return {
    ...storedSource(row),
    hooks: {
      pre: hooks?.pre.text ?? null,
      post: hooks?.post.text ?? null,
      timeout_s: hooks?.timeout_s ?? defaultHookTimeoutS,
      unreadable: hooks?.unreadable ?? false,
    },
  };
}

/** How a failed start is tried again; what a group begins with when there is no row. */
export function retryOf(row: SourceRecord | null): RetryPolicy {
  return row === null
    ? retryPolicy.parse({})
    : { max: row.retry_max, backoff_s: row.retry_backoff_s };
}

/** The group that a host's set-up makes, in the repository that is joined with it. */
export function firstSource(
  spec: Omit<SourceGroupSpec, "repository_id">,
): WholeSource {
  return {
    ...spec,
    retention: spec.retention ?? {},
    retry: spec.retry ?? retryOf(null),
    repository_id: null,
  };
}

function storedSource(row: SourceRecord) {
  return {
    id: row.id,
    name: row.name,
    includes: JSON.parse(row.includes) as string[],
    excludes: JSON.parse(row.excludes) as string[],
    options: {
      exclude_caches: row.exclude_caches === 1,
      one_file_system: row.one_file_system === 1,
    },
    retention: retention.parse(JSON.parse(row.retention)),
    retry: retryOf(row),
  };
}
