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
}

/** Of each step; the server waits 60 s for them all. */
const limitMs = 25_000;
/** Somebody may hold the repository for a moment. */
const retryLockS = 15;

const keyList = z.array(z.object({ id: z.string(), userName: z.string() }));

/** Gives a repository one more password, or takes it away again. */
export function createRepoKey({
  hostId,
  agreement,
  runner,
}: RepoKeyDeps): CommandHandler {
  return async (payload, { id }) => {
    const { box } = payloadOf(repoKey, payload);
    const context = sealContext(hostId, "repo-key", id);
    const secret = openBox(box, agreement, context, repoKeySecret);
    const { label } = secret;
    if (secret.do === "add") {
      await need(runner, secret, addKeyArgs(label), {
        stdin: `${secret.new_password}\n`,
      });
      return { key_id: await newKey(runner, secret, label) };
    }
    const { key_id } = secret;
    const isMeant = (key: z.infer<typeof keyList>[number]) =>
      key_id === null ? key.userName === label : isSameId(key.id, key_id);
    const keys = (await listKeys(runner, secret)).filter(isMeant);
    for (const key of keys) await need(runner, secret, removeKeyArgs(key.id));
    // Some restics end well although nothing could be removed.
    const stays = (await listKeys(runner, secret)).some(isMeant);
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
  runner: ResticRunner,
  repository: Repository,
  label: string,
): Promise<string> {
  const keys = await listKeys(runner, repository);
  const key = keys.find(({ userName }) => userName === label);
  if (key === undefined)
    throw new FailureError(
      "repository_failed",
      "restic added a key but does not list it; look at the repository with restic key list.",
    );
  return key.id;
}

async function listKeys(runner: ResticRunner, repository: Repository) {
  const { stdout } = await need(runner, repository, listKeysArgs);
  const keys = parseJson(stdout, keyList);
  if (keys === null)
    throw new FailureError(
      "repository_failed",
      "restic did not list the repository's keys.",
    );
  return keys;
}

async function need(
  runner: ResticRunner,
  repository: Repository,
  args: readonly string[],
  more: Pick<ResticCall, "stdin"> = {},
): Promise<Captured> {
  const ending = new AbortController();
  const captured = await capture(runner, {
    args,
    repository,
    limitMs,
    retryLockS,
    signal: ending.signal,
    ...more,
    onMessage(_message, _stream, line) {
      if (isRefusedRemoval(line)) ending.abort("refused" satisfies StopReason);
    },
  });
  if (succeeded(captured.end)) return captured;
  const { code, message } = failureOf(captured.end);
  throw new FailureError(code, code === "delete_refused" ? keyStays : message);
}
