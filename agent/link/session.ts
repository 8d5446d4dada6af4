import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  helloAnswer,
  type CommittedMark,
  resumeAnswer,
  type Heartbeat,
  type ResticInfo,
} from "@restic-manager/shared/protocol/hello.ts";
import { pattern, topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  protocolMax,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { serverUrl } from "../identity/server-door.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import type { Random } from "../random.ts";
import { build } from "../version.ts";
import type { Configuration } from "./config-sync.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { Connection } from "./link.ts";
import { sendOutbox } from "./outbox-sender.ts";
import type { Outbox } from "./outbox.ts";
import type { ServerRequests } from "./server-requests.ts";
import type { ServerTime } from "./server-time.ts";

/** How the life of one connection ended. */
export type SessionEnd = "closed" | "unknown_host";

/** Agent and server share no version of the protocol; only an update of one of them helps. */
export class ProtocolMismatchError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProtocolMismatchError";
  }
}

export interface SessionDeps {
  readonly hostId: string;
  /** Address of the server, for links that people can follow. */
  readonly server: () => string;
  /** Names this process among others that may live under the same key. */
  readonly instance: string;
  readonly sign: Sign;
  readonly jwt: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly time: ServerTime;
  readonly requests: ServerRequests;
  readonly outbox: Outbox;
  readonly configuration: Configuration;
  readonly facts: () => HostFacts;
  readonly restic: () => Promise<ResticInfo>;
  /** Jobs taken on whose result is not in the outbox yet. */
  readonly runningJobs: () => string[];
  /** Answers a command of the server. Never rejects. */
  readonly command: (
    connection: Connection,
    subject: string,
    body: string,
  ) => Promise<string>;
  readonly memory: () => number;
  readonly onHandedOver: (seq: number) => void;
  /** Called when the server has greeted back. */
  readonly onOnline: (connection: Connection) => void;
  /** Called when the server turned out to have an older database than before. */
  readonly onOlderServer: () => void;
  /** The signer of the credential is about to go. */
  readonly renew: (connection: Connection) => Promise<void>;
}

/** One connection's life: greet, deliver what waits, keep the configuration current, answer commands. */
export async function runSession(
  deps: SessionDeps,
  connection: Connection,
): Promise<SessionEnd> {
  const { hostId, clock, log, outbox, configuration } = deps;
  // Before the greeting: from then on the server may command.
  connection.serve(pattern.commands(hostId), (subject, body) =>
    deps.command(connection, subject, body),
  );

  const askedAt = clock.now();
  const answer = await deps.requests.ask(
    connection,
    "hello",
    await greeting(deps),
    helloAnswer,
  );
  if (!answer.ok) {
    if (answer.code === "unknown_host") return "unknown_host";
    const help = serverUrl(deps.server(), answer.help_url);
    throw new ProtocolMismatchError(
      `${answer.message} (${answer.code}, see ${help.href})`,
    );
  }
  deps.time.learn(answer.server_time, askedAt);
  const epoch = outbox.epoch();
  const isRepeat = noteCommitted(deps, answer.committed);
  // The server knows this host by the old epoch and must be greeted by the new one.
  if (outbox.epoch() !== epoch) return "closed";
  deps.onOnline(connection);
  if (isRepeat) deps.onOlderServer();
  if (answer.renew) void deps.renew(connection);

  const ended = new AbortController();
  const stopHeartbeat = startHeartbeat(deps, answer.heartbeat_ms, () =>
    connection.publish(topic.heartbeat(hostId), signedBeat(deps)),
  );
  const sending = sendOutbox(
    {
      outbox,
      isRepeat,
      clock,
      log,
      onHandedOver: deps.onHandedOver,
      async resume() {
        const asked = { epoch: outbox.epoch() };
        const { ask } = deps.requests;
        return (await ask(connection, "resume", asked, resumeAnswer)).committed;
      },
    },
    connection,
    ended.signal,
  );
  // When this fails, the server sees the old revision in the heartbeats and hints again.
  configuration.pull(connection, answer.cfg_rev).catch((error: unknown) => {
    log.warn("The configuration could not be fetched; it is tried again", {
      error,
    });
  });

  await connection.closed;
  ended.abort();
  stopHeartbeat();
  await sending;
  return "closed";
}

/** A full disk must not keep this host away from its server. @returns whether the server has less than it once had */
function noteCommitted(
  { outbox, log }: SessionDeps,
  mark: CommittedMark,
): boolean {
  try {
    return outbox.commit(mark);
  } catch (error) {
    log.warn("What the server has stored cannot be noted for now", { error });
    return false;
  }
}

async function greeting(deps: SessionDeps): Promise<Record<string, unknown>> {
  const facts = deps.facts();
  return {
    protocol_min: protocolMin,
    protocol_max: protocolMax,
    agent_version: build.version,
    agent_commit: build.commit,
    hostname: facts.hostname,
    os: facts.os,
    os_version: facts.osVersion,
    arch: facts.arch,
    tz: facts.tz,
    boot_time: facts.bootTime,
    restic: await deps.restic(),
    epoch: deps.outbox.epoch(),
    cfg_rev: deps.configuration.revision(),
    running_jobs: deps.runningJobs(),
    // Before its answer nobody knows what the server has.
    outbox_depth: deps.outbox.size(),
    instance: deps.instance,
    jwt_issuer: readNatsJwt(deps.jwt())?.iss ?? "",
  };
}

function signedBeat(deps: SessionDeps): string {
  const beat: Heartbeat = {
    host: deps.hostId,
    t: deps.time.stamp(),
    instance: deps.instance,
    epoch: deps.outbox.epoch(),
    cfg_rev: deps.configuration.revision(),
    outbox_depth: deps.outbox.depth(),
    running_jobs: deps.runningJobs(),
    rss: deps.memory(),
    skew_ms: deps.time.skew(),
  };
  return JSON.stringify(signText("rm-heartbeat-v1", beat, deps.sign));
}
