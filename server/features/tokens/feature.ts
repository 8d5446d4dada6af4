import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Joining } from "../repos/joining.ts";
import { createRedemption } from "./redemption.ts";
import { tokenRoutes } from "./routes.ts";
import { createTokens } from "./tokens.ts";

/** One-time tokens: the other way for a host to join, decided before it asks. */
export function createTokensFeature(deps: {
  db: Db;
  tx: Transaction;
  secrets: Secrets;
  joining: Joining;
  identity: Pick<ServerIdentity, "fingerprint">;
  audit: Audit;
  random: Random;
  clock: Clock;
  log: Log;
  baseUrl: string | undefined;
}) {
  const { fingerprint: serverKey } = deps.identity;
  const tokens = createTokens({ ...deps, serverKey });
  return {
    redemption: createRedemption(deps),
    routes: tokenRoutes({ ...deps, tokens }),
    start: tokens.start,
  };
}
