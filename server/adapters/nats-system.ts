import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { hostId as hostIdSchema } from "@restic-manager/shared/domain/ids.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { z } from "zod";
import { type BrokerAddress, BrokerError } from "../ports/broker.ts";
import type { NatsAccount, NatsCredentials } from "./nats-claims.ts";
import { createNatsLink, type NatsLink } from "./nats-link.ts";
import {
  claimsUpdate,
  presenceSubject,
  systemInboxPrefix,
} from "./nats-roles.ts";

/** An agent's connection came or went. */
export interface PresenceChange {
  readonly hostId: string;
  /** How many connections speak as this host now: 0 offline, 1 as it should be, more when its key was copied. */
  readonly connections: number;
  /** The broker's words for why one ended, null when one came. */
  readonly reason: string | null;
}

export interface NatsSystemDeps {
  readonly address: () => BrokerAddress | null;
  readonly credentials: () => NatsCredentials;
  /** The account of server and agents as it should be now. */
  readonly account: () => NatsAccount;
  readonly onPresence: (change: PresenceChange) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The broker's own account: pushes revocations, hears who comes and goes. */
export interface NatsSystem {
  /** Connects and keeps connected. Resolves when the broker has the account and changes of presence are heard. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Hands the account to the broker; without a connection this happens with the next one. @throws BrokerError */
  pushAccount(): Promise<void>;
}

const answer = z.object({ data: z.object({ code: z.literal(200) }) });
const accountEvent = z.object({
  client: z.object({ id: z.int(), jwt: z.string() }),
  reason: z.string().optional(),
});

export function createNatsSystem(deps: NatsSystemDeps): NatsSystem {
  const connections = new Map<string, Set<number>>();
  let link: NatsLink | null = null;
  let current: NatsConnection | null = null;

  async function connected(connection: NatsConnection): Promise<void> {
    connections.clear();
    current = connection;
    for (const change of ["CONNECT", "DISCONNECT"] as const)
      connection.subscribe(presenceSubject(deps.account().id, change), {
        callback: (error, message) => {
          if (error === null) accountChanged(change, message.string());
        },
      });
    await push(connection);
  }

  function accountChanged(
    change: "CONNECT" | "DISCONNECT",
    text: string,
  ): void {
    const event = parseJson(text, accountEvent);
    if (event === null) return;
    const { id, jwt } = event.client;
    const hostId = readNatsJwt(jwt)?.name;
    // The server itself and debuggers have names that are no host ids.
    if (!isHostId(hostId)) return;
    const live = connections.get(hostId) ?? new Set();
    if (change === "CONNECT") live.add(id);
    else live.delete(id);
    if (live.size > 0) connections.set(hostId, live);
    else connections.delete(hostId);
    deps.onPresence({
      hostId,
      connections: live.size,
      reason: event.reason ?? null,
    });
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

function isHostId(name: string | undefined): name is string {
  return hostIdSchema.safeParse(name).success;
}
