import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { ConfigRevision } from "../schedules/config-revision.ts";
import { createHooksOfGroups } from "./applied.ts";
import { createHookBox } from "./box.ts";
import { createHooks } from "./hooks.ts";
import { hookRoutes } from "./routes.ts";

/** Scripts that agents run around backups, encrypted at rest. */
export function createHooksFeature(deps: {
  db: Db;
  tx: Transaction;
  secrets: Secrets;
  audit: Audit;
  config: ConfigRevision;
}) {
  const box = createHookBox(deps.secrets);
  return {
    ofGroups: createHooksOfGroups(box),
    routes: hookRoutes(createHooks({ ...deps, box })),
  };
}
