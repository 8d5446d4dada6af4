import type {
  RestoreBody,
  RestoreCheck,
} from "@restic-manager/shared/api/restores.ts";
import { hasPermission } from "@restic-manager/shared/domain/role.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Actor } from "../../ports/route.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { CredentialReader } from "../repos/access.ts";
import type { RepositoryAccess } from "../repos/admin-access.ts";
import { checkPaths, tidyPaths, withoutEnd } from "./paths.ts";
import * as store from "./store.ts";
import type { FindKeeper, Keeper } from "./temporary-keys.ts";

/** What is to be restored from: a snapshot of a repository. */
export interface Source {
  readonly repositoryId: string;
  readonly snapshotId: string;
}

/** What is at a path of a snapshot; null for nothing. */
export type LookUp = (
  repositoryId: string,
  snapshotId: string,
  path: string,
) => Promise<TreeEntry | "not_indexed" | null>;

export type Wanted = Omit<RestoreBody, "confirm">;

export interface Plan {
  readonly source: Source;
  readonly snapshot: store.SnapshotRecord;
  readonly host: store.HostRecord;
  readonly epoch: string;
  readonly body: Wanted;
  /** As the hosts of the repository open it. */
  readonly access: RepositoryAccess;
  readonly revocation: RestoreCheck["revocation"];
  /** Who adds and removes the temporary key; null when there will be none. */
  readonly keeper: Keeper | null;
}

export const noAccess =
  "The server has nothing to open this repository with; set its password on the repository's page.";
const notInPlace =
  "On Windows files cannot be put back in place yet; restore into a new folder and move them.";

/** Finds out whether a restore may be, and how; reads only. */
export function createPlan(deps: {
  access: CredentialReader;
  findKeeper: FindKeeper;
  presence: { epochOf(hostId: string): string | null };
}) {
  return async (
    trx: Trx,
    source: Source,
    sent: Wanted,
    actor: Actor,
  ): Promise<Plan> => {
    const { repositoryId, snapshotId } = source;
    const snapshot = await store.findSnapshot(trx, repositoryId, snapshotId);
    if (snapshot === null) throw new AppError("repository_not_found");
    if (snapshot === "forgotten") throw new AppError("snapshot_not_found");
    const host = await store.findHost(trx, sent.host_id, repositoryId);
    if (host === null) throw new AppError("host_not_found");
    const isInPlace = sent.target.mode === "in_place";
    if (isInPlace) require(actor, "restore.in_place");
    if (!host.usesRepository) require(actor, "restore.cross_host");

    const body = tidy(sent);
    checkPaths(body.paths, body, host.os);
    if (isInPlace && host.os === "windows")
      throw new AppError("restore_refused", { message: notInPlace });
    const epoch = deps.presence.epochOf(host.id);
    if (epoch === null) throw new AppError("host_offline");

    const opener = host.usesRepository ? host.id : (snapshot.hostId ?? host.id);
    const access = await deps.access.own(trx, repositoryId, opener);
    if (access === null)
      throw new AppError("restore_refused", { message: noAccess });
    const keeper = host.usesRepository
      ? null
      : await deps.findKeeper(trx, repositoryId);
    const crossing = keeper === null ? "forgotten_only" : "temporary_key";
    const revocation = host.usesRepository ? "own_access" : crossing;
    return { source, snapshot, host, epoch, body, access, revocation, keeper };
  };
}

/** Where somebody must prove that they mean this very host. */
export function needsConfirmation({ host, body }: Plan): boolean {
  return body.target.mode === "in_place" || !host.usesRepository;
}

/** What the agent gets, except for what opens the repository. */
export function describeRestore(
  { source, body }: Plan,
  totalBytes: number | null,
): Omit<RestoreSecret, "url" | "credential"> {
  return {
    snapshot_id: source.snapshotId,
    paths: body.paths,
    target: body.target,
    overwrite: body.overwrite,
    strip: body.strip ?? null,
    total_bytes: totalBytes,
  };
}

/** Bytes of everything that was chosen; null when what is in the snapshot is not known here. */
export async function sumUp(
  { source, body }: Plan,
  lookUp: LookUp,
): Promise<number | null> {
  const entries = await find(source, body.paths, lookUp);
  return entries === null ? null : entries.reduce((sum, { s }) => sum + s, 0);
}

/**
 * What was chosen, as the index knows it; null when what is in the snapshot is not known here.
 * @throws AppError `path_not_found` naming what is not there
 */
export async function find(
  { repositoryId, snapshotId }: Source,
  paths: readonly string[],
  lookUp: LookUp,
): Promise<TreeEntry[] | null> {
  const found: TreeEntry[] = [];
  for (const path of paths) {
    const entry = await lookUp(repositoryId, snapshotId, path);
    if (entry === "not_indexed") return null;
    if (entry === null)
      throw new AppError("path_not_found", {
        message: `The snapshot holds nothing at ${path}.`,
      });
    found.push(entry);
  }
  return found;
}

function tidy(sent: Wanted): Wanted {
  const { strip: sentStrip, ...rest } = sent;
  const strip = sentStrip === undefined ? "/" : withoutEnd(sentStrip);
  return {
    ...rest,
    paths: tidyPaths(sent.paths),
    ...(strip !== "/" && { strip }),
  };
}

function require(actor: Actor, permission: Permission): void {
  if (!hasPermission(actor.role, permission)) throw new AppError("forbidden");
}
