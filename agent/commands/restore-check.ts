import type { z } from "zod";
import type { Clock } from "@restic-manager/shared/clock.ts";
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
import { maySetOwners } from "../platform/target-folder.ts";
import { noLock } from "../restic/args.ts";
import { succeeded } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import { ranToItsEnd, type ResticEnd } from "../restic/exit-codes.ts";
import { restoreArgs, restoreSince } from "../restic/restore-args.ts";
import type { ResticRunner } from "../restic/run.ts";
import { snapshotFailureOf } from "../restic/snapshot-words.ts";
import { bytesText } from "./backup-log.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import { withIncludes } from "./restore-includes.ts";
import {
  createLook,
  refuseInTheWay,
  someOf,
  type Look,
} from "./restore-look.ts";
import {
  checkPlace,
  leastSpace,
  placeOfRestore,
  type RestoreHost,
  type RestorePart,
  type RestorePlace,
} from "./restore-place.ts";
import { openBox } from "./sealed-box.ts";

export interface RestoreCheckDeps {
  readonly hostId: string;
  readonly clock: Clock;
  readonly agreement: AgreementKey;
  readonly runner: ResticRunner;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
  readonly restoreHost: RestoreHost;
  readonly restic: () => Promise<{ readonly version: string }>;
  readonly tmpDir: string;
}

type Found = z.infer<typeof restoreCheckResult>;
type DryRun = Pick<Found, "dry_run" | "dry_run_problem"> & {
  readonly inTheWay: readonly string[];
};

/** The server waits 60 s. */
const limitMs = 45_000;

/** Looks at what a restore would do, before anything is written. */
export function createRestoreCheck(deps: RestoreCheckDeps): CommandHandler {
  return async (payload, { id }): Promise<Found> => {
    const { box } = payloadOf(restoreCheckCommand, payload);
    const context = sealContext(deps.hostId, "restore-check", id);
    const secret = openBox(box, deps.agreement, context, restoreCheckSecret);
    const { version } = await deps.restic();
    // The job has no id yet: its place in the path stays as it is.
    const place = placeOfRestore(secret, "<job-id>", deps.restoreHost);
    const { target, state } = place;
    if (state !== "not_writable") checkPlace(place, secret, version);
    const { inTheWay, ...looked } = await look(deps, secret, place, {
      version,
      name: id,
    });
    const found = {
      target,
      target_state: state,
      space_free: leastSpace(place).free,
      space_needed: looked.dry_run?.bytes ?? secret.total_bytes,
      sets_owners: maySetOwners(),
      ...looked,
    };
    return { ...found, warnings: warningsOf(found, place, inTheWay) };
  };
}

async function look(
  deps: RestoreCheckDeps,
  secret: RestoreCheckSecret,
  place: RestorePlace,
  { version, name }: { version: string; name: string },
): Promise<DryRun> {
  const { url, credential, overwrite } = secret;
  if (url === null || credential === null)
    return problem("This host has no access to the repository yet.");
  if (place.state === "not_writable")
    return problem("The agent may not write there.");
  if (!atLeast(version, restoreSince.care))
    return problem(
      `restic ${version} on this host cannot look at what it would do; 0.17 and later can.`,
    );
  const found = createLook(overwrite);
  const until = deps.clock.now() + limitMs;
  for (const part of place.parts) {
    const end = await withIncludes(
      part.includes,
      { version, tmpDir: deps.tmpDir, name },
      (given) =>
        dryRun(deps, { url, credential }, { look: found, part, until }, [
          ...restoreArgs(
            {
              ...given,
              snapshotId: secret.snapshot_id,
              base: part.base,
              target: part.folder,
              overwrite,
              isDryRun: true,
            },
            version,
          ),
          noLock,
        ]),
    );
    if (succeeded(end)) continue;
    const isExplained = ranToItsEnd(end) && found.found().errorsAreExplained;
    const { code, message } = snapshotFailureOf(end);
    if (code === "snapshot_missing") throw new FailureError(code);
    // The snapshot may hold nothing of one folder, and something of another one.
    if (isExplained || code === "path_missing") continue;
    const { inTheWay } = found.found();
    refuseInTheWay(overwrite, inTheWay);
    return problem(
      code === "time_limit"
        ? "Looking at so many files takes longer than a minute; the restore itself may go on for as long as it takes."
        : message,
      inTheWay,
    );
  }
  const looked = found.found();
  if (looked.foundNothing) throw new FailureError("path_missing");
  const { restored, updated, unchanged, bytes, overwritten, inTheWay } = looked;
  refuseInTheWay(overwrite, inTheWay);
  return {
    dry_run: {
      restored,
      updated,
      unchanged,
      bytes,
      overwritten: [...overwritten],
    },
    dry_run_problem: null,
    inTheWay,
  };
}

function dryRun(
  { runner, stopping, clock }: RestoreCheckDeps,
  repository: Repository,
  { look, part, until }: { look: Look; part: RestorePart; until: number },
  args: readonly string[],
): Promise<ResticEnd> {
  const add = look.of(part);
  return runner.run({
    args,
    repository,
    limitMs: until - clock.now(),
    signal: stopping,
    onMessage: (message, _stream, line) => add(message, line),
  });
}

function problem(words: string, inTheWay: readonly string[] = []): DryRun {
  return { dry_run: null, dry_run_problem: words, inTheWay };
}

function warningsOf(
  found: Omit<Found, "warnings">,
  place: RestorePlace,
  inTheWay: readonly string[],
): string[] {
  const { target, target_state, space_free, space_needed, sets_owners } = found;
  const { folder, parts } = place;
  const links = parts
    .filter((part) => (target ?? part.base) !== part.folder)
    .map((part) => `${target ?? part.base} leads to ${part.folder}.`);
  const isTooLittle =
    space_free !== null && space_needed !== null && space_free < space_needed;
  return [
    inTheWay.length > 0 &&
      `${someOf(inTheWay)} will be removed to make room: the snapshot has a folder there.`,
    ...links.slice(0, 5),
    target_state === "not_writable" &&
      `The agent may not write into ${folder}, or it is no folder.`,
    target_state === "not_empty" &&
      target !== null &&
      `${target} is not empty; what has the same name is treated as chosen.`,
    isTooLittle &&
      `${leastSpace(place).folder} has ${bytesText(space_free)} free, and the files take ${bytesText(space_needed)}.`,
    !sets_owners &&
      "The agent may not set owners on this host: what is restored belongs to the user it runs as.",
  ].filter((warning) => warning !== false);
}
