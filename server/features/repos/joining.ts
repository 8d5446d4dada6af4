import type { SetUpBody } from "@restic-manager/shared/api/repos.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { AppError } from "../../app-error.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { Schedules } from "../schedules/schedules.ts";
import type { CredentialReader } from "./access.ts";
import { sameCredential, tidyCredential } from "./credentials.ts";
import type { CredentialBox } from "./credentials.ts";
import { insertSource, redirectSources } from "./source-store.ts";
import { firstSource } from "./source-view.ts";
import * as store from "./store.ts";

export interface Joined {
  readonly repositoryId: string;
  readonly groupId: string;
  readonly scheduleId: string;
}

/** Gives a host that has nothing yet its repository, credential, source group and nightly schedule. */
export interface Joining {
  /**
   * `resticId` is what the agent found, null when it has not been there: then the repository is tested, or created,
   * when the host first connects.
   */
  join(
    trx: Trx,
    hostId: string,
    body: SetUpBody,
    resticId: string | null,
    by: Initiator,
  ): Promise<Joined>;
  /**
   * A host that has joined the repository stored at an address found another one there, `resticId`: it gets a row of
   * that one instead, with what it opened it with. @returns the id of the row; null when the host had left meanwhile
   */
  part(
    trx: Trx,
    hostId: string,
    repositoryId: string,
    resticId: string,
    by: Initiator,
  ): Promise<string | null>;
}

export function createJoining(deps: {
  schedules: Pick<Schedules, "createDaily">;
  credentials: CredentialBox;
  access: Pick<CredentialReader, "own">;
  audit: Audit;
  config: Pick<ConfigRevision, "raise">;
  random: Random;
  clock: Clock;
}): Joining {
  const { audit, credentials, random } = deps;

  /** The stored repository at the address, or a new one; the host and its credential are joined to it. */
  async function joinRepository(
    trx: Trx,
    hostId: string,
    repository: SetUpBody["repository"],
    resticId: string | null,
    by: Initiator,
  ): Promise<string> {
    const at = toTimestamp(deps.clock.now());
    const { url } = repository;
    const known = await store.findRepositoryAt(trx, url, resticId);
    const id = known?.id ?? random.id();
    const name = repository.name ?? nameOf(url);
    if (known === null) {
      await store.insertRepository(trx, { id, name, url, by, at });
    }
    if (resticId !== null) await store.saveFound(trx, id, resticId, at);
    await store.linkHost(trx, {
      host_id: hostId,
      repository_id: id,
      first_use: resticId === null ? repository.mode : null,
    });
    await saveCredential(trx, { repositoryId: id, hostId }, repository, at);
    await audit.record(trx, by, {
      action: known === null ? "repository.create" : "repository.share",
      target: { kind: "repository", id },
      payload: { host_id: hostId, name: known?.name ?? name, url },
    });
    return id;
  }

  /** The first credential serves every host; one that differs from it serves only the host it was given for. */
  async function saveCredential(
    trx: Trx,
    key: { repositoryId: string; hostId: string },
    { credential }: SetUpBody["repository"],
    at: string,
  ): Promise<void> {
    const tidy = tidyCredential(credential);
    const { repositoryId } = key;
    const [shared] = await store.credentialsOf(trx, repositoryId);
    const sharedKey = { repositoryId, hostId: null };
    if (
      shared !== undefined &&
      sameCredential(credentials.open(sharedKey, shared.sealed), tidy)
    ) {
      return;
    }
    const own = shared === undefined ? sharedKey : key;
    await store.insertCredential(trx, {
      id: random.id(),
      repository_id: repositoryId,
      host_id: own.hostId,
      kind: "repo",
      sealed: credentials.seal(own, tidy),
      updated_at: at,
    });
  }

  return {
    async join(trx, hostId, body, resticId, by) {
      const host = await store.findHost(trx, hostId);
      if (host === null) throw new AppError("host_not_found");
      // Two people may have finished the dialog at once.
      if (host.setUp) throw new AppError("host_set_up");
      const at = toTimestamp(deps.clock.now());
      const repositoryId = await joinRepository(
        trx,
        hostId,
        body.repository,
        resticId,
        by,
      );
      const groupId = random.id();
      const spec = firstSource(body.source);
      await insertSource(trx, { id: groupId, hostId, at, spec });
      const scheduleId = await deps.schedules.createDaily(trx, hostId, groupId);
      await deps.config.raise(trx, [hostId]);
      await audit.record(trx, by, {
        action: "host.set_up",
        target: { kind: "host", id: hostId },
        payload: {
          repository_id: repositoryId,
          source_group_id: groupId,
          schedule_id: scheduleId,
          group: body.source.name,
          includes: body.source.includes,
          excludes: body.source.excludes,
        },
      });
      return { repositoryId, groupId, scheduleId };
    },

    async part(trx, hostId, repositoryId, resticId, by) {
      const opened = await deps.access.own(trx, repositoryId, hostId);
      const had = await store.unlinkHost(trx, hostId, repositoryId);
      if (opened === null || !had) return null;
      const found = { ...opened, mode: "existing" as const };
      const id = await joinRepository(trx, hostId, found, resticId, by);
      await redirectSources(trx, hostId, repositoryId, id);
      await deps.config.raise(trx, [hostId]);
      return id;
    },
  };
}

/** The last part of an address, as a first name for the repository. */
function nameOf(url: string): string {
  const last = url.split(/[/\\:@]+/).findLast((part) => part !== "");
  return (last ?? url).slice(0, 64);
}
