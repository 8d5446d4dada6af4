import { errors } from "@nats-io/nats-core";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { hostId } from "@restic-manager/shared/domain/ids.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { z } from "zod";
import { type BrokerAddress, BrokerError } from "../ports/broker.ts";
import type { NatsAccount, NatsCredentials } from "./nats-claims.ts";
import { createNatsLink, type NatsLink } from "./nats-link.ts";
import {
  claimsUpdate,
  comings,
  goings,
  systemInboxPrefix,
} from "./nats-roles.ts";

export interface NatsSystemDeps {
  readonly address: () => BrokerAddress | null;
  readonly credentials: () => NatsCredentials;
  /** The account of server and agents as it should be now. */
  readonly account: () => NatsAccount;
  readonly clock: Clock;
  readonly log: Log;
}

/** The broker's own account, by which it is told who is revoked, and tells who comes. */
export interface NatsSystem {
  /** Connects and keeps connected. Resolves when the broker has the account. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Hands the account to the broker; without a connection this happens with the next one. @throws BrokerError */
  pushAccount(): Promise<void>;
  /** The host whose login a connection of the running broker used; also for a while after its end. */
  hostOf(cid: number): string | null;
}

const answer = z.object({ data: z.object({ code: z.literal(200) }) });
const visitor = z.object({
  client: z.object({ id: z.int(), jwt: z.string().default("") }),
});

/** What is told of a connection may be heard after its end. */
const rememberMs = 10_000;

export function createNatsSystem(deps: NatsSystemDeps): NatsSystem {
  let link: NatsLink | null = null;
  let current: NatsConnection | null = null;
  const hosts = new Map<number, string>();
  /** Connections that have ended, in that order. */
  const ended: { cid: number; forgetAt: number }[] = [];

  async function connected(connection: NatsConnection): Promise<void> {
    current = connection;
    connection.subscribe(comings, { callback: (_, { data }) => came(data) });
    connection.subscribe(goings, { callback: (_, { data }) => went(data) });
    await push(connection);
  }

  /** Its JWT was verified; what else it says of itself was not. */
  function came(message: Uint8Array): void {
    const client = readVisitor(message);
    if (client === undefined) return;
    const name = hostId.safeParse(readNatsJwt(client.jwt)?.name);
    if (name.success) hosts.set(client.id, name.data);
  }

  function went(message: Uint8Array): void {
    const client = readVisitor(message);
    if (client === undefined || !hosts.has(client.id)) return;
    const now = deps.clock.now();
    ended.push({ cid: client.id, forgetAt: now + rememberMs });
    while (ended[0] !== undefined && ended[0].forgetAt <= now)
      hosts.delete(ended.shift()?.cid ?? 0);
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
      hosts.clear();
      ended.length = 0;
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
      const connection = current;
      if (connection === null || connection.isClosed()) return;
      try {
        await push(connection);
      } catch (error) {
        // The broker ended meanwhile: it gets them when it is back.
        if (!isGone(error)) throw error;
      }
    },
    hostOf: (cid) => hosts.get(cid) ?? null,
  };
}

function isGone(error: unknown): boolean {
  return (
    error instanceof errors.ClosedConnectionError ||
    (error instanceof errors.RequestError &&
      error.message.includes("connection closed"))
  );
}

function readVisitor(message: Uint8Array) {
  return parseJson(new TextDecoder().decode(message), visitor)?.client;
}
