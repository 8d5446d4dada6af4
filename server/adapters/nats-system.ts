import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { z } from "zod";
import { type BrokerAddress, BrokerError } from "../ports/broker.ts";
import type { NatsAccount, NatsCredentials } from "./nats-claims.ts";
import { createNatsLink, type NatsLink } from "./nats-link.ts";
import { claimsUpdate, systemInboxPrefix } from "./nats-roles.ts";

export interface NatsSystemDeps {
  readonly address: () => BrokerAddress | null;
  readonly credentials: () => NatsCredentials;
  /** The account of server and agents as it should be now. */
  readonly account: () => NatsAccount;
  readonly clock: Clock;
  readonly log: Log;
}

/** The broker's own account, by which it is told who is revoked. */
export interface NatsSystem {
  /** Connects and keeps connected. Resolves when the broker has the account. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Hands the account to the broker; without a connection this happens with the next one. @throws BrokerError */
  pushAccount(): Promise<void>;
}

const answer = z.object({ data: z.object({ code: z.literal(200) }) });

export function createNatsSystem(deps: NatsSystemDeps): NatsSystem {
  let link: NatsLink | null = null;
  let current: NatsConnection | null = null;

  async function connected(connection: NatsConnection): Promise<void> {
    current = connection;
    await push(connection);
  }

  async function push(connection: NatsConnection): Promise<void> {
    const reply = await connection.request(claimsUpdate, deps.account().jwt, {
      timeout: 10_000,
    });
    if (parseJson(reply.string(), answer) === null)
      throw new BrokerError(
        "broker_refused",
        `The broker refused the account's new claims: ${reply.string()}`,
      );
  }

  return {
    start() {
      const ready = Promise.withResolvers<void>();
      link = createNatsLink(
        { ...deps, inboxPrefix: systemInboxPrefix },
        async (connection) => {
          await connected(connection);
          ready.resolve();
        },
      );
      return ready.promise;
    },
    async stop() {
      await link?.close();
      link = null;
    },
    async pushAccount() {
      if (current !== null && !current.isClosed()) await push(current);
    },
  };
}
