import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { type DiffStart, diffAddress } from "./diff-address.ts";

/** The snapshot before one of a list that is sorted newest first: of the same machine, paths and tags; null when it is not in the list. */
export function snapshotBefore(
  snapshots: readonly Snapshot[],
  index: number,
): Snapshot | null {
  const one = snapshots[index];
  if (one === undefined) return null;
  const line = lineOf(one);
  return (
    snapshots.slice(index + 1).find((other) => lineOf(other) === line) ?? null
  );
}

/** The address at which two snapshots are compared, the older one first; null when they are not of one repository. */
export function compareAddress(
  hostId: string,
  one: Snapshot,
  other: Snapshot,
): string | null {
  if (one.repository_id !== other.repository_id) return null;
  const [a, b] =
    Date.parse(one.time) <= Date.parse(other.time)
      ? [one, other]
      : [other, one];
  const start: DiffStart = {
    hostId,
    repositoryId: one.repository_id,
    a: a.id,
    b: b.id,
  };
  return diffAddress(start);
}

function lineOf({ repository_id, hostname, paths, tags }: Snapshot): string {
  return JSON.stringify([
    repository_id,
    hostname,
    paths.toSorted(),
    tags.toSorted(),
  ]);
}
