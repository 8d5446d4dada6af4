import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { repoTestResult } from "@restic-manager/shared/protocol/command.ts";
import type {
  RepoTestResult,
  RepoTestSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { AppError } from "../../app-error.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction } from "../../ports/transaction.ts";
import { tidyCredential } from "./credentials.ts";
import { findHost } from "./store.ts";
import type { HostRecord } from "./store.ts";

/** The agent may create a repository on a slow disk or far away. */
const timeoutMs = 90_000;

export interface RepositoryTest {
  /** @throws AppError when there is no such host, or it is not online. */
  onlineHost(hostId: string): Promise<HostRecord>;
  /**
   * Lets the agent open the repository, or create it when `mode` says so. Saves nothing but the audit row.
   * @throws AppError `repository_test_failed` with the agent's own code and sentence.
   */
  run(
    host: HostRecord,
    wanted: RepoTestSecret,
    by: Initiator,
  ): Promise<RepoTestResult>;
}

export function createRepositoryTest(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  identity: Pick<ServerIdentity, "sealFor">;
  presence: { isOnline(hostId: string): boolean };
  audit: Audit;
}): RepositoryTest {
  const { db, tx, audit } = deps;

  return {
    async onlineHost(hostId) {
      const host = await findHost(db, hostId);
      if (host === null) throw new AppError("host_not_found");
      if (!deps.presence.isOnline(hostId)) throw new AppError("host_offline");
      return host;
    },

    async run(host, wanted, by) {
      const secret: RepoTestSecret = {
        ...wanted,
        credential: tidyCredential(wanted.credential),
      };
      const plaintext = new TextEncoder().encode(JSON.stringify(secret));
      const answer = await deps.commands.send(
        host.id,
        "repo.test",
        (commandId) => ({
          box: toBase64Url(
            deps.identity.sealFor(host, "repo-test", commandId, plaintext),
          ),
        }),
        repoTestResult,
        timeoutMs,
      );
      await tx.run((trx) =>
        audit.record(trx, by, {
          action: "repository.test",
          target: { kind: "host", id: host.id },
          payload: {
            url: wanted.url,
            mode: wanted.mode,
            outcome: answer.ok ? "ok" : answer.code,
          },
        }),
      );
      if (!answer.ok) {
        throw new AppError("repository_test_failed", {
          message: answer.message,
          agentCode: answer.code,
        });
      }
      return answer.result;
    },
  };
}
