import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type {
  AdminCredentialSpec,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { changeAdminAccess } from "./admin-access.ts";
import type { CredentialBox } from "./credentials.ts";
import type { Repositories } from "./repositories.ts";
import * as store from "./store.ts";

/** The access that may delete. Hosts never have it: it is sealed to a runner for one job. */
export interface AdminCredential {
  put(
    repositoryId: string,
    spec: AdminCredentialSpec,
    by: Initiator,
  ): Promise<Repository>;
  drop(repositoryId: string, by: Initiator): Promise<Repository>;
}

export function createAdminCredential(deps: {
  tx: Transaction;
  repositories: Pick<Repositories, "get">;
  credentials: CredentialBox;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
}): AdminCredential {
  const { tx, repositories, credentials, audit, events } = deps;

  function changed(repositoryId: string): Promise<Repository> {
    events.emit({ type: "repository.changed", repositoryId });
    return repositories.get(repositoryId);
  }

  return {
    async put(id, spec, by) {
      await tx.run(async (trx) => {
        if ((await store.findRepository(trx, id)) === null) {
          throw new AppError("repository_not_found");
        }
        const row = await store.adminCredentialOf(trx, id);
        const stored =
          row === null ? null : credentials.openAdmin(id, row.sealed);
        const { access, changed } = changeAdminAccess(stored, spec);
        if (row !== null && changed.length === 0) return;
        const sealed = credentials.sealAdmin(id, access);
        const at = toTimestamp(deps.clock.now());
        if (row !== null) {
          await store.updateCredential(trx, row.id, sealed, at);
        } else {
          await store.insertCredential(trx, {
            id: deps.random.id(),
            repository_id: id,
            host_id: null,
            kind: "admin",
            sealed,
            updated_at: at,
          });
        }
        await audit.record(trx, by, {
          action: "repository.admin_credential",
          target: { kind: "repository", id },
          payload: { changed },
        });
      });
      return changed(id);
    },

    async drop(id, by) {
      await tx.run(async (trx) => {
        if ((await store.findRepository(trx, id)) === null) {
          throw new AppError("repository_not_found");
        }
        if (!(await store.deleteAdminCredential(trx, id))) return;
        await audit.record(trx, by, {
          action: "repository.admin_credential_remove",
          target: { kind: "repository", id },
        });
      });
      return changed(id);
    },
  };
}
