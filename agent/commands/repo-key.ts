import { z } from "zod";
import {
  sealContext,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import {
  repoKey,
  repoKeySecret,
} from "@restic-manager/shared/protocol/command.ts";
import { FailureError } from "../failure-error.ts";
import { addKeyArgs, listKeysArgs, removeKeyArgs } from "../restic/args.ts";
import { capture, succeeded, type Captured } from "../restic/capture.ts";
import type { Repository } from "../restic/env.ts";
import {
  failureOf,
  isRefusedRemoval,
  type StopReason,
} from "../restic/exit-codes.ts";
import type { ResticCall, ResticRunner } from "../restic/run.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import { openBox } from "./sealed-box.ts";

export interface RepoKeyDeps {
  readonly hostId: string;
  readonly agreement: AgreementKey;
  readonly runner: ResticRunner;
  /** Aborted when the agent stops. */
  readonly stopping: AbortSignal;
}

/** Of each step; the server waits 60 s for them all. */
const limitMs = 25_000;
/** Somebody may hold the repository for a moment. */
const retryLockS = 15;

const keyList = z.array(z.object({ id: z.string(), userName: z.string() }));

/** Gives a repository one more password, or takes it away again. */
export function createRepoKey(deps: RepoKeyDeps): CommandHandler {
  const { hostId, agreement } = deps;
  return async (payload, { id }) => {
    const { box } = payloadOf(repoKey, payload);
    const context = sealContext(hostId, "repo-key", id);
    const secret = openBox(box, agreement, context, repoKeySecret);
    const { label } = secret;
    if (secret.do === "add") {
      await need(deps, secret, addKeyArgs(label), {
        stdin: `${secret.new_password}\n`,
      });
      return { key_id: await newKey(deps, secret, label) };
    }
    const { key_id } = secret;
    const isMeant = (key: z.infer<typeof keyList>[number]) =>
      key_id === null ? key.userName === label : isSameId(key.id, key_id);
    const keys = (await listKeys(deps, secret)).filter(isMeant);
    for (const key of keys) await need(deps, secret, removeKeyArgs(key.id));
    // Some restics end well although nothing could be removed.
    const stays = (await listKeys(deps, secret)).some(isMeant);
    if (stays) throw new FailureError("delete_refused", keyStays);
    return { key_id };
  };
}

/** restic before 0.19 lists the first eight digits alone. */
function isSameId(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

const keyStays =
  "The temporary key is still in the repository: this access may not delete. Remove it with restic key remove.";

async function newKey(
  deps: RepoKeyDeps,
  repository: Repository,
  label: string,
): Promise<string> {
  const keys = await listKeys(deps, repository);
  const key = keys.find(({ userName }) => userName === label);
  if (key === undefined)
    throw new FailureError(
      "repository_failed",
      "restic added a key but does not list it; look at the repository with restic key list.",
    );
  return key.id;
}

async function listKeys(deps: RepoKeyDeps, repository: Repository) {
  const { stdout } = await need(deps, repository, listKeysArgs);
  const keys = parseJson(stdout, keyList);
  if (keys === null)
    throw new FailureError(
      "repository_failed",
      "restic did not list the repository's keys.",
    );
  return keys;
}

async function need(
  deps: RepoKeyDeps,
  repository: Repository,
  args: readonly string[],
  more: Pick<ResticCall, "stdin"> = {},
): Promise<Captured> {
  const ending = new AbortController();
  const captured = await capture(deps.runner, {
    args,
    repository,
    limitMs,
    retryLockS,
    signal: AbortSignal.any([deps.stopping, ending.signal]),
    ...more,
    onMessage(_message, _stream, line) {
      if (isRefusedRemoval(line)) ending.abort("refused" satisfies StopReason);
    },
  });
  if (succeeded(captured.end)) return captured;
  const { code, message } = failureOf(captured.end);
  throw new FailureError(code, code === "delete_refused" ? keyStays : message);
}
