import type {
  SetUpBody,
  SetUpResult,
} from "@restic-manager/shared/api/repos.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Initiator } from "../../ports/audit.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import type { Joining } from "./joining.ts";
import type { Repositories } from "./repositories.ts";
import type { RepositoryTest } from "./repository-test.ts";

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
  joining: Joining;
  config: Pick<ConfigRevision, "announce">;
  events: Events;
}): SetUp {
  const { repositoryTest } = deps;

  return {
    async test(hostId, body, by) {
      const host = await repositoryTest.onlineHost(hostId);
      if (body.repository.mode !== "existing") throw onlyExisting();
      return repositoryTest.run(host, secretOf(body), by);
    },

    async run(hostId, body, by) {
      const host = await repositoryTest.onlineHost(hostId);
      if (host.setUp) throw new AppError("host_set_up");
      const test = await repositoryTest.run(host, secretOf(body), by);
      const { repositoryId, groupId, scheduleId } = await deps.tx.run((trx) =>
        deps.joining.join(trx, hostId, body, test.repository_id, by),
      );
      deps.config.announce([hostId]);
      deps.events.emit({ type: "repository.changed", repositoryId });
      return {
        repository: await deps.repositories.get(repositoryId),
        group_id: groupId,
        schedule_id: scheduleId,
        test,
      };
    },
  };
}

function secretOf({ repository, source }: SetUpBody) {
  const { url, credential, mode } = repository;
  return { url, credential, mode, includes: source.includes };
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
