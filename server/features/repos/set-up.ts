import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  SetUpBody,
  SetUpResult,
} from "@restic-manager/shared/api/repos.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { Schedules } from "../schedules/schedules.ts";
import { sameCredential, tidyCredential } from "./credentials.ts";
import type { CredentialBox } from "./credentials.ts";
import type { Repositories } from "./repositories.ts";
import type { RepositoryTest } from "./repository-test.ts";
import { insertSource } from "./source-store.ts";
import * as store from "./store.ts";

export interface SetUp {
  /** Lets the agent open the repository; saves nothing. */
  test(hostId: string, body: SetUpBody, by: Initiator): Promise<RepoTestResult>;
  /** Tests, creates when asked, then saves all of it at once or nothing. */
  run(hostId: string, body: SetUpBody, by: Initiator): Promise<SetUpResult>;
}

export function createSetUp(deps: {
  tx: Transaction;
  repositoryTest: RepositoryTest;
  repositories: Pick<Repositories, "get">;
  schedules: Pick<Schedules, "createDaily">;
  credentials: CredentialBox;
  audit: Audit;
  config: ConfigRevision;
  events: Events;
  random: Random;
  clock: Clock;
}): SetUp {
  const { tx, repositoryTest, audit, config, credentials, random } = deps;

  /** The stored repository at the address, or a new one; the host and its credential are joined to it. */
  async function joinRepository(
    trx: Trx,
    hostId: string,
    { repository }: SetUpBody,
    resticId: string,
    by: Initiator,
    at: string,
  ): Promise<string> {
    const { url } = repository;
    const known = await store.findRepositoryAt(trx, url, resticId);
    const id = known?.id ?? random.id();
    const name = repository.name ?? nameOf(url);
    if (known === null) {
      const row = { id, name, url, resticId, by, at };
      await store.insertRepository(trx, row);
    } else {
      const ready = { status: "ready", status_code: null } as const;
      await store.saveStatus(trx, id, { ...ready, status_message: null, at });
    }
    await store.linkHost(trx, hostId, id);
    await saveCredential(trx, { repositoryId: id, hostId }, repository, at);
    await audit.record(trx, by, {
      action: known === null ? "repository.create" : "repository.share",
      target: { kind: "repository", id },
      payload: { host_id: hostId, name: known?.name ?? name, url },
    });
    return id;
  }

  /** The first credential serves every host; one that differs from it serves only the host it was tested on. */
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
      sealed: credentials.seal(own, tidy),
      updated_at: at,
    });
  }

  async function save(
    trx: Trx,
    hostId: string,
    body: SetUpBody,
    resticId: string,
    by: Initiator,
  ) {
    const at = toTimestamp(deps.clock.now());
    const host = await store.findHost(trx, hostId);
    if (host === null) throw new AppError("host_not_found");
    // Two people may have finished the dialog at once.
    if (host.setUp) throw new AppError("host_set_up");
    const repositoryId = await joinRepository(
      trx,
      hostId,
      body,
      resticId,
      by,
      at,
    );
    const groupId = random.id();
    await insertSource(trx, { id: groupId, hostId, at, spec: body.source });
    const scheduleId = await deps.schedules.createDaily(trx, hostId, groupId);
    await config.raise(trx, [hostId]);
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
  }

  return {
    async test(hostId, body, by) {
      const host = await repositoryTest.onlineHost(hostId);
      if (body.repository.mode !== "existing") throw onlyExisting();
      return repositoryTest.run(host, body, by);
    },

    async run(hostId, body, by) {
      const host = await repositoryTest.onlineHost(hostId);
      if (host.setUp) throw new AppError("host_set_up");
      const test = await repositoryTest.run(host, body, by);
      const saved = await tx.run((trx) =>
        save(trx, hostId, body, test.repository_id, by),
      );
      config.announce([hostId]);
      const { repositoryId } = saved;
      deps.events.emit({ type: "repository.changed", repositoryId });
      return {
        repository: await deps.repositories.get(repositoryId),
        group_id: saved.groupId,
        schedule_id: saved.scheduleId,
        test,
      };
    },
  };
}

/** The last part of an address, as a first name for the repository. */
function nameOf(url: string): string {
  const last = url.split(/[/\\:@]+/).findLast((part) => part !== "");
  return (last ?? url).slice(0, 64);
}

function onlyExisting(): AppError {
  return new AppError("invalid_request", {
    fields: {
      "repository.mode": {
        code: "invalid",
        message: "Only an existing repository can be tested without saving it.",
      },
    },
  });
}
