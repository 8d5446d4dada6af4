import { posix } from "node:path";
import type { z } from "zod";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import type { restoreCheckResult } from "@restic-manager/shared/api/restores.ts";
import {
  sealContext,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import {
  restoreCheckCommand,
  restoreCheckSecret,
  type RestoreCheckSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import { freeSpace, maySetOwners } from "../platform/target-folder.ts";
import { noLock } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import { restoreArgs, restoreSince } from "../restic/restore-args.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf } from "../restic/snapshot-words.ts";
import { bytesText } from "./backup-log.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import { withIncludes } from "./restore-includes.ts";
import {
  checkPlace,
  placeOfRestore,
  type RestoreHost,
  type RestorePlace,
} from "./restore-place.ts";
import { openBox } from "./sealed-box.ts";

export interface RestoreCheckDeps {
  readonly hostId: string;
  readonly agreement: AgreementKey;
  readonly runner: ResticRunner;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
  readonly restoreHost: RestoreHost;
  readonly restic: () => Promise<{ readonly version: string }>;
  readonly tmpDir: string;
}

type Found = z.infer<typeof restoreCheckResult>;
type DryRun = Pick<Found, "dry_run" | "dry_run_problem">;

/** The server waits 60 s. */
const limitMs = 45_000;
const namedOverwritten = 50;

/** Looks at what a restore would do, before anything is written. */
export function createRestoreCheck(deps: RestoreCheckDeps): CommandHandler {
  return async (payload, { id }): Promise<Found> => {
    const { box } = payloadOf(restoreCheckCommand, payload);
    const context = sealContext(deps.hostId, "restore-check", id);
    const secret = openBox(box, deps.agreement, context, restoreCheckSecret);
    const { version } = await deps.restic();
    // The job has no id yet: its place in the path stays as it is.
    const place = placeOfRestore(secret, "<job-id>", deps.restoreHost);
    const { folder, target, state } = place;
    if (state !== "not_writable") checkPlace(place, secret, version);
    const looked = await look(deps, secret, place, { version, name: id });
    const found = {
      target,
      target_state: state,
      space_free: freeSpace(folder),
      space_needed: looked.dry_run?.bytes ?? secret.total_bytes,
      sets_owners: maySetOwners(),
      ...looked,
    };
    return { ...found, warnings: warningsOf(found, folder) };
  };
}

async function look(
  deps: RestoreCheckDeps,
  secret: RestoreCheckSecret,
  place: RestorePlace,
  { version, name }: { version: string; name: string },
): Promise<DryRun> {
  const { url, credential } = secret;
  if (url === null || credential === null)
    return problem("This host has no access to the repository yet.");
  if (place.state === "not_writable")
    return problem("The agent may not write there.");
  if (!atLeast(version, restoreSince.care))
    return problem(
      `restic ${version} on this host cannot look at what it would do; 0.17 and later can.`,
    );
  return withIncludes(
    place.includes,
    { version, tmpDir: deps.tmpDir, name },
    (given) =>
      dryRun(deps, { url, credential }, place.base, [
        ...restoreArgs(
          {
            ...given,
            snapshotId: secret.snapshot_id,
            base: place.base,
            target: place.folder,
            overwrite: secret.overwrite,
            isDryRun: true,
          },
          version,
        ),
        noLock,
      ]),
  );
}

async function dryRun(
  { runner, stopping }: RestoreCheckDeps,
  repository: Repository,
  base: string,
  args: readonly string[],
): Promise<DryRun> {
  const folders = new Set<string>();
  const overwritten: string[] = [];
  let [restored, updated, unchanged, bytes] = [0, 0, 0, 0];
  const end = await runner.run({
    args,
    repository,
    limitMs,
    signal: stopping,
    onMessage(message) {
      if (message.type === "restore_summary")
        unchanged = message.summary.files_skipped;
      if (message.type !== "restored") return;
      const { path, action, size } = message;
      // Folders come after what is in them, and look like empty files.
      folders.add(posix.dirname(path));
      if (size === 0 && folders.has(path)) return;
      bytes += size;
      if (action === "restored") return void restored++;
      updated++;
      if (overwritten.length < namedOverwritten)
        overwritten.push(posix.join(base, path));
    },
  });
  if (!succeeded(end)) {
    const { code, message } = snapshotFailureOf(end);
    if (code === "snapshot_missing" || code === "path_missing")
      throw new FailureError(code);
    return problem(
      code === "time_limit"
        ? "Looking at so many files takes longer than a minute; the restore itself may go on for as long as it takes."
        : message,
    );
  }
  if (restored + updated + unchanged + folders.size === 0)
    throw new FailureError("path_missing");
  const dry_run = { restored, updated, unchanged, bytes, overwritten };
  return { dry_run, dry_run_problem: null };
}

function problem(words: string): DryRun {
  return { dry_run: null, dry_run_problem: words };
}

function warningsOf(found: Omit<Found, "warnings">, folder: string): string[] {
  const { target, target_state, space_free, space_needed, sets_owners } = found;
  const isTooLittle =
    space_free !== null && space_needed !== null && space_free < space_needed;
  return [
    target_state === "not_writable" &&
      `The agent may not write into ${folder}, or it is no folder.`,
    target_state === "not_empty" &&
      target !== null &&
      `${target} is not empty; what has the same name is treated as chosen.`,
    isTooLittle &&
      `${folder} has ${bytesText(space_free)} free, and the files take ${bytesText(space_needed)}.`,
    !sets_owners &&
      "The agent may not set owners on this host: what is restored belongs to the user it runs as.",
  ].filter((warning) => warning !== false);
}
