import { restorePaths } from "@restic-manager/shared/domain/restore.ts";
import type { DumpSecret } from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import type { OnBytes } from "../platform/output.ts";
import { dumpArgs, type ArchiveFormat } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf, whileThereIs } from "../restic/snapshot-words.ts";
import { snapshotItems, type SnapshotItem } from "./snapshot-items.ts";
import { padding, tarEnd, tarHeader } from "./tar.ts";
import { withoutTarEnd } from "./tar-join.ts";

export interface DumpTask {
  readonly runner: ResticRunner;
  readonly secret: DumpSecret;
  readonly signal: AbortSignal;
  readonly limits: { readonly stallMs: number; readonly limitMs: number };
  /** Takes the bytes of the download in their order. */
  readonly take: OnBytes;
}

/** Reads files of a snapshot as one file, or as one archive. Throws `FailureError`; what was taken by then is no whole. */
export async function dump(task: DumpTask): Promise<void> {
  const { secret, take } = task;
  const { snapshot_id: snapshotId, paths, format } = secret;
  // restic would take something else than a path for an option.
  if (!restorePaths.safeParse(paths).success)
    throw new FailureError("path_missing");
  const known = knownItem(secret);
  if (known !== null)
    return read(task, known, format === "zip" ? "zip" : "tar", take);
  const items = await snapshotItems(
    task.runner,
    secret,
    { snapshotId, paths },
    task.signal,
  );
  const [first, ...others] = items;
  if (first === undefined) throw new FailureError("path_missing");
  for (const item of items) refuseOther(item);
  if (format === "raw") {
    if (first.type === "dir" || others.length > 0)
      throw new FailureError(
        "path_missing",
        "A folder, or several files, can only be downloaded as an archive.",
      );
    return read(task, first, "tar", take);
  }
  if (format === "zip") {
    if (first.type !== "dir" || others.length > 0)
      throw new FailureError(
        "path_missing",
        "Only one folder can be downloaded as zip; choose tar.",
      );
    return read(task, first, "zip", take);
  }
  if (first.type === "dir" && others.length === 0)
    return read(task, first, "tar", take);
  for (const item of items) await addToTar(task, item);
  await take(tarEnd);
}

/** What restic writes as it is wanted, where the server knows what it is: looking costs another start of restic. */
function knownItem(secret: DumpSecret): Pick<SnapshotItem, "path"> | null {
  const { paths, format, kind } = secret;
  const [path, ...others] = paths;
  if (path === undefined || others.length > 0) return null;
  // restic would not find it; who looks can say why.
  if (path.includes("\uFFFD")) return null;
  return kind === (format === "raw" ? "file" : "dir") ? { path } : null;
}

/** restic does not say where a link leads, and there is nothing in a device to be read. */
function refuseOther({ type, path }: SnapshotItem): void {
  if (type !== "file" && type !== "dir")
    throw new FailureError(
      "path_missing",
      `${path} is neither a file nor a folder; choose the folder that holds it.`,
    );
}

async function addToTar(task: DumpTask, item: SnapshotItem): Promise<void> {
  const { take } = task;
  if (item.type === "dir") {
    const part = withoutTarEnd(take);
    await read(task, item, "tar", part.take);
    return part.end();
  }
  const { size, uid, gid, mtime, path } = item;
  let left = size;
  const modified = Math.floor(Date.parse(mtime) / 1000) || 0;
  const mode = modeOf(item);
  const name = path.slice(1);
  await take(tarHeader({ name, size, mode, uid, gid, modified }));
  await read(task, item, "tar", (piece) => {
    left -= piece.length;
    return take(piece);
  });
  // The header has promised so many bytes.
  if (left !== 0) throw new FailureError("repository_damaged");
  await take(padding(size));
}

/** Go keeps these bits apart from the permissions. */
function modeOf({ mode }: SnapshotItem): number {
  const bit = (n: number, octal: number) => (mode & (1 << n) ? octal : 0);
  return (mode & 0o777) | bit(23, 0o4000) | bit(22, 0o2000) | bit(20, 0o1000);
}

/** restic writes a file as it is, whatever the archive. */
async function read(
  { runner, secret, signal, limits }: DumpTask,
  { path }: Pick<SnapshotItem, "path">,
  archive: ArchiveFormat,
  take: OnBytes,
): Promise<void> {
  const watch = whileThereIs(signal);
  const end = await runner.run({
    args: dumpArgs(secret.snapshot_id, path, archive),
    repository: secret,
    signal: watch.signal,
    ...limits,
    onBytes: take,
    onMessage: (_message, stream, line) => watch.hear(stream, line),
  });
  if (succeeded(end)) return;
  const { code, message } = snapshotFailureOf(end);
  throw new FailureError(code, message);
}
