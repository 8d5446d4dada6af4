import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Authenticator,
  credsAuthenticator,
  type NatsConnection,
} from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { encodeNkeySeed } from "@restic-manager/shared/identity/nkey.ts";
import {
  inboxPrefix,
  serverInboxPrefix,
} from "@restic-manager/shared/protocol/topic.ts";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import type { Violation } from "../ports/violation.ts";
import { createTestLog } from "../testing/test-log.ts";
import { createNatsBroker, type NatsBroker } from "./nats-broker.ts";
import type { NatsCredentials } from "./nats-claims.ts";
import { type NatsKey, natsKey } from "./nats-keys.ts";

const random = createRandom(systemClock);

/** The real nats-server these tests run against. */
export function natsServerPath(): string {
  const path =
    process.env["RM_TEST_NATS_SERVER"] ??
    join(import.meta.dir, "../../dist/tools/nats-server");
  if (!existsSync(path))
    throw new Error(
      `${path} does not exist. Run "just tools", or set RM_TEST_NATS_SERVER to a nats-server.`,
    );
  return path;
}

export interface TestBroker {
  readonly broker: NatsBroker;
  readonly dataDir: string;
  readonly log: ReturnType<typeof createTestLog>;
  /** What was tried and refused. */
  readonly violations: readonly Violation[];
  /** What the key store holds now. */
  keys(): string | null;
  /** Pid of the nats-server that runs. */
  pid(): number;
  /** Stops the broker and removes its files. */
  remove(): Promise<void>;
}

export interface TestBrokerOptions {
  readonly dataDir?: string;
  readonly keys?: string | null;
  readonly binary?: () => Promise<string>;
  readonly searchPath?: string;
}

/** A broker in a directory of its own, not yet started. */
export function createTestBroker(options: TestBrokerOptions = {}): TestBroker {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "rm-broker-"));
  const log = createTestLog();
  const violations: Violation[] = [];
  let keys = options.keys ?? null;
  const broker = createNatsBroker({
    dataDir,
    binary: options.binary ?? (async () => natsServerPath()),
    searchPath: options.searchPath ?? process.env["PATH"] ?? "",
    store: {
      load: async () => keys,
      save: async (text) => void (keys = text),
    },
    onViolation: (violation) => void violations.push(violation),
    random,
    clock: systemClock,
    log,
  });
  return {
    broker,
    dataDir,
    log,
    violations,
    keys: () => keys,
    pid: () =>
      log.entries.findLast((entry) => entry.message === "The broker runs")
        ?.fields.pid as number,
    async remove() {
      await broker.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A key as an agent makes it. */
export function createUserKey(): NatsKey {
  return natsKey("user", encodeNkeySeed("user", random.bytes(32)));
}

export function newHostId(): string {
  return random.hostId();
}

/** In an hour, in milliseconds. */
function inAnHour(): number {
  return systemClock.now() + 3_600_000;
}

/** Logs in with a JWT and the signature of a key over the broker's nonce. */
export function authenticator({ jwt, sign }: NatsCredentials): Authenticator {
  return (nonce) => ({
    jwt,
    sig: Buffer.from(sign(Buffer.from(nonce ?? ""))).toString("base64url"),
  });
}

export interface TestAgentLogin extends NatsCredentials {
  readonly hostId: string;
  readonly nkey: string;
}

/** An approved agent: a key, a host id and the JWT for both. */
export function approve(
  broker: NatsBroker,
  key: NatsKey = createUserKey(),
  hostId: string = newHostId(),
): TestAgentLogin {
  const jwt = broker.issueAgentJwt(key.nkey, hostId, inAnHour());
  return { ...key, hostId, jwt };
}

/** Connects as an agent straight to the broker's listener. */
export function connectAgent(
  { broker }: Pick<TestBroker, "broker">,
  login: TestAgentLogin,
): Promise<NatsConnection> {
  return dial(broker, login, inboxPrefix(login.hostId));
}

/** A connection with the server's own rights, to look at what it made. */
export function connectControlPlane({
  broker,
}: Pick<TestBroker, "broker">): Promise<NatsConnection> {
  return dial(broker, broker.controlPlane(), serverInboxPrefix);
}

function dial(
  broker: NatsBroker,
  credentials: NatsCredentials,
  prefix: string,
): Promise<NatsConnection> {
  const address = broker.address();
  return connect({
    servers: `${address?.host}:${address?.port}`,
    authenticator: authenticator(credentials),
    inboxPrefix: prefix,
    reconnect: false,
    ignoreClusterUpdates: true,
  });
}

/** Connects with the text of a `.creds` file. */
export function connectCreds(
  url: string | null,
  creds: string,
): Promise<NatsConnection> {
  return connect({
    servers: url ?? "",
    authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
    reconnect: false,
  });
}
