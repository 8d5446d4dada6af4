import { lstatSync } from "node:fs";
import {
  failure,
  type Failure,
} from "@restic-manager/shared/domain/failure.ts";
import {
  sealContext,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import {
  repoTest,
  repoTestSecret,
  type RepoTestResult,
  type RepoTestSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { FailureError, failureFrom } from "../failure-error.ts";
import { configArgs, initArgs, snapshotsArgs } from "../restic/args.ts";
import { capture, succeeded, type Captured } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import { failureOf, type StopReason } from "../restic/exit-codes.ts";
import { isRetry } from "../restic/messages.ts";
import { parseRepositoryId } from "../restic/repository-id.ts";
import type { ResticRunner } from "../restic/run.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import { openBox } from "./sealed-box.ts";
import { parseSnapshots } from "./snapshots.ts";

export interface RepoTestDeps {
  readonly hostId: string;
  readonly agreement: AgreementKey;
  readonly runner: ResticRunner;
}

/** The server waits 90 s. restic itself would try a dead server for many minutes. */
const openMs = 40_000;
const stepMs = 20_000;
const maxRetries = 3;
const maxMissing = 50;

/** Opens a repository, or creates it, before anything is saved. Nothing secret is in the answer. */
export function createRepoTest({
  hostId,
  agreement,
  runner,
}: RepoTestDeps): CommandHandler {
  return async (payload, { id }) => {
    const { box } = payloadOf(repoTest, payload);
    const secret = openBox(
      box,
      agreement,
      sealContext(hostId, "repo-test", id),
      repoTestSecret,
    );
    return testRepository(runner, secret);
  };
}

async function testRepository(
  runner: ResticRunner,
  { url, credential, mode, includes }: RepoTestSecret,
): Promise<RepoTestResult> {
  const repository: Repository = { url, credential };
  const missing = includes.filter((path) => !exists(path));
  // Before anything is made: a set-up that could back up nothing is a mistake in the form.
  if (includes.length > 0 && missing.length === includes.length)
    throw new FailureError("source_missing");
  const created = mode === "create" && (await create(runner, repository));
  const found = await look(runner, repository, created ? stepMs : openMs);
  // Asked to create, an empty repository of this very password is the one a lost first answer was about.
  if (mode === "create" && !created && found.snapshot_count > 0)
    throw new FailureError("repository_exists");
  return { ...found, created, missing_includes: missing.slice(0, maxMissing) };
}

/** False when there is a repository already. */
async function create(
  runner: ResticRunner,
  repository: Repository,
): Promise<boolean> {
  try {
    await need(runner, repository, initArgs, openMs);
    return true;
  } catch (error) {
    if (failureFrom(error).code !== "repository_exists") throw error;
    if (await opens(runner, repository)) return false;
    throw error;
  }
}

async function opens(
  runner: ResticRunner,
  repository: Repository,
): Promise<boolean> {
  const { end } = await capture(runner, {
    args: configArgs,
    repository,
    limitMs: stepMs,
  });
  return succeeded(end);
}

async function look(
  runner: ResticRunner,
  repository: Repository,
  limitMs: number,
) {
  const config = await need(runner, repository, configArgs, limitMs);
  const id = parseRepositoryId(config.stdout);
  const list = await need(runner, repository, snapshotsArgs, stepMs);
  const snapshots = parseSnapshots(list.stdout);
  if (id === null || snapshots === null)
    throw new FailureError(
      "repository_failed",
      "restic opened the repository but did not describe it; look at the agent's log.",
    );
  return { repository_id: id, snapshot_count: snapshots.length };
}

async function need(
  runner: ResticRunner,
  repository: Repository,
  args: readonly string[],
  limitMs: number,
): Promise<Captured> {
  const patience = new AbortController();
  let retries = 0;
  const captured = await capture(runner, {
    args,
    repository,
    limitMs,
    signal: patience.signal,
    // A person waits for the answer, and restic would go on for many minutes.
    onMessage(message) {
      if (isRetry(message) && ++retries === maxRetries)
        patience.abort("time_limit" satisfies StopReason);
    },
  });
  if (succeeded(captured.end)) return captured;
  const { code, message } = asRepositoryFailure(
    failureOf(captured.end),
    repository.url,
  );
  throw new FailureError(code, message);
}

/** For a test, restic's own failures are failures of the repository. */
function asRepositoryFailure(found: Failure, url: string): Failure {
  const { code, message } = found;
  const folder = folderFailure(found, url);
  if (folder !== null) return folder;
  if (code === "time_limit") return failure("repository_unreachable");
  if (code === "restic_failed") return failure("repository_failed", message);
  return { code, message };
}

const folderUrl = /^(local:|\/|[A-Za-z]:[\\/]|\\\\)/;
const folderCodes = ["restic_failed", "repository_missing", "time_limit"];
/** How a file system refuses, in the words of restic's language. What is merely not there yet can still be made. */
const refusal =
  /mkdir .+|(l?stat|open|CreateFile) [^\n]+?: (permission denied|operation not permitted|read-only file system|not a directory|access is denied)/i;

function folderFailure({ code, message }: Failure, url: string) {
  const reason = refusal.exec(message)?.[0];
  if (!folderUrl.test(url) || !folderCodes.includes(code)) return null;
  if (reason === undefined) return null;
  return failure(
    "repository_failed",
    `The folder ${url.replace(/^local:/, "")} cannot be used on this host (${reason}). Choose a folder on a disk that is there and may be written.`,
  );
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
