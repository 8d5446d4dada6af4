export interface RestoreStart {
  readonly hostId: string;
  readonly repositoryId: string;
  readonly snapshotId: string;
  /** What is chosen already. */
  readonly paths?: readonly string[];
  /** Opens the tree at once. */
  readonly files?: boolean;
}

/** The address at which a restore from a snapshot begins. */
export function restoreAddress(start: RestoreStart): string {
  const query = new URLSearchParams({
    host: start.hostId,
    repository: start.repositoryId,
    snapshot: start.snapshotId,
  });
  for (const path of start.paths ?? []) query.append("path", path);
  if (start.files === true) query.set("step", "files");
  return `/restore?${query}`;
}
