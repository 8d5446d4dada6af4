import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Post } from "../../ports/post.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createBreaker } from "./breaker.ts";
import { createChannels } from "./channels.ts";
import { createDelivery } from "./delivery.ts";
import { createReceiverBox } from "./receiver.ts";
import { createOutbox } from "./outbox.ts";
import { channelRoutes } from "./routes.ts";
import { createSend } from "./send.ts";

/** The ways in which people are told outside of the dashboard. */
export function createChannelsFeature(deps: {
  db: Db;
  tx: Transaction;
  secrets: Secrets;
  post: Post;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
  config: { readonly baseUrl?: string | undefined };
}) {
  const parts = {
    ...deps,
    box: createReceiverBox(deps.secrets),
    breaker: createBreaker(deps.clock),
    send: createSend(deps.post, deps.config.baseUrl),
  };
  const { wake, start } = createDelivery(parts);
  return {
    notices: createOutbox({ ...deps, wake }),
    routes: channelRoutes(createChannels({ ...parts, wake })),
    start,
  };
}
