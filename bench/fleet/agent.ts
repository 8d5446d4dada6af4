import {
  headers,
  type Msg,
  type NatsConnection,
  wsconnect,
} from "@nats-io/nats-core";
import { commandAnswer } from "@restic-manager/shared/protocol/command.ts";
import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { SignPurpose } from "@restic-manager/shared/identity/signed.ts";
import type {
  Heartbeat,
  Hello,
} from "@restic-manager/shared/protocol/hello.ts";
import {
  type EventKind,
  inboxPrefix,
  pattern,
  type Subject,
  topic,
} from "@restic-manager/shared/protocol/topic.ts";
import { systemClock } from "../../server/clock.ts";
import { identityOf } from "../../server/identity.ts";
import { createRandom } from "../../server/random.ts";
import type { Member } from "./seed.ts";

/** The endpoint's side of the protocol, without disk and restic: thousands of them fit into one process. */
export interface SimulatedAgent {
  readonly member: Member;
  connected(): boolean;
  /** When the server last greeted it, and when its connection last ended; milliseconds since the epoch, 0 for never. */
  greetedAt(): number;
  closedAt(): number;
  /** Hands an event or a batch of log lines over, and resolves when the broker has it. */
  report(kind: EventKind, payload: unknown): Promise<void>;
  log(jobId: string, lines: readonly LogLine[]): Promise<void>;
  stop(): Promise<void>;
}

/** As the product's agent waits: at a random instant of a span that doubles from one second to a minute. */
const shortestWaitMs = 200;
const longestWaitMs = 60_000;
const answerMs = 10_000;

export function startAgent(url: string, member: Member): SimulatedAgent {
  const { hostId } = member;
  const random = createRandom(systemClock);
  const key = identityOf(Buffer.from(member.seed, "base64url"), random);
  const nkey = encodeNkey("user", key.publicKey);
  const epoch = random.token();
  const instance = Buffer.from(random.bytes(16)).toString("hex");
  const bootTime = new Date(Date.now() - 3_600_000).toISOString();
  const asProxy = { "x-forwarded-for": member.ip };
  const stopped = new AbortController();
  let connection: NatsConnection | null = null;
  let seq = 0;
  let greetedAt = 0;
  let closedAt = 0;
  const running = run();

  const now = () => new Date().toISOString();
  const signed = (purpose: SignPurpose, body: unknown) =>
    JSON.stringify(signText(purpose, body, key.sign));

  async function run(): Promise<void> {
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      const startedAt = Date.now();
      await once().catch(() => {
        // The server is away: as with a real agent the next attempt tells.
      });
      if (Date.now() - startedAt > longestWaitMs) attempt = 0;
      const span = Math.min(longestWaitMs, 1000 * 2 ** attempt);
      await sleep(shortestWaitMs + Math.random() * (span - shortestWaitMs));
    }
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (stopped.signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      stopped.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** One connection's life. */
  async function once(): Promise<void> {
    await (
      await fetch(`${url}/api/agents/server`, { headers: asProxy })
    ).text();
    const live = await wsconnect({
      servers: `${url.replace("http", "ws")}/nats`,
      authenticator: (nonce) => ({
        jwt: member.jwt,
        nkey,
        sig: toBase64Url(key.sign(new TextEncoder().encode(nonce ?? ""))),
      }),
      name: hostId,
      inboxPrefix: inboxPrefix(hostId),
      timeout: 15_000,
      pingInterval: 20_000,
      maxPingOut: 2,
      reconnect: false,
      ignoreClusterUpdates: true,
      wsFactory: async (address) => ({
        socket: new WebSocket(address, {
          headers: asProxy,
        } as unknown as string[]),
        encrypted: false,
      }),
    });
    let beating: Timer | undefined;
    try {
      live.subscribe(pattern.commands(hostId), {
        callback: (error, message) => {
          if (error === null) answer(live, message);
        },
      });
      const every = await greet(live);
      connection = live;
      greetedAt = Date.now();
      const beat = () => {
        if (live.isClosed()) return;
        live.publish(
          topic.heartbeat(hostId),
          signed("rm-heartbeat-v1", state()),
        );
        beating = setTimeout(beat, every * (0.9 + Math.random() * 0.2));
      };
      beating = setTimeout(beat, every * (0.9 + Math.random() * 0.2));
      await live.closed();
    } finally {
      clearTimeout(beating);
      connection = null;
      closedAt = Date.now();
      await live.close();
    }
  }

  /** @returns milliseconds between heartbeats */
  async function greet(live: NatsConnection): Promise<number> {
    const hello: Hello = {
      host: hostId,
      t: now(),
      protocol_min: 1,
      protocol_max: 1,
      agent_version: "0.1.0",
      agent_commit: "",
      hostname: member.name,
      os: "linux",
      os_version: "Simulated",
      arch: "x64",
      tz: "Etc/UTC",
      boot_time: bootTime,
      restic: {
        version: "0.18.0",
        source: "embedded",
        path: "/usr/bin/restic",
        sha256: null,
        problem: null,
      },
      epoch,
      cfg_rev: 0,
      running_jobs: [],
      outbox_depth: 0,
      instance,
      jwt_issuer: "",
    };
    const reply = await live.request(
      topic.request(hostId, "hello"),
      signed("rm-request-v1", hello),
      { timeout: answerMs },
    );
    const { b } = reply.json<{ b: string }>();
    return (JSON.parse(b) as { heartbeat_ms: number }).heartbeat_ms;
  }

  function state(): Heartbeat {
    return {
      host: hostId,
      t: now(),
      instance,
      epoch,
      cfg_rev: 0,
      outbox_depth: 0,
      running_jobs: [],
      rss: 50_000_000,
      skew_ms: 0,
    };
  }

  function answer(live: NatsConnection, message: Msg): void {
    const { id, verb, p } = JSON.parse(message.json<{ b: string }>().b);
    const body = commandAnswer.parse({ id, ok: true, result: null });
    if (!live.isClosed()) message.respond(signed("rm-event-v1", body));
    if (verb === "job.start") void backUp(p.job_id, p.source_group_id);
  }

  /** A backup that takes no time: three reports, as of a real one. */
  async function backUp(job_id: string, source_group_id: string) {
    const job = {
      job_id,
      kind: "backup",
      actor: "user",
      schedule_id: null,
      source_group_id,
      repository_id: null,
    };
    const at = now();
    await report("job.started", { ...job, started_at: at, command: "restic" });
    await log(job_id, [line(1, "nothing to do")]);
    await report("job.done", {
      ...job,
      outcome: "succeeded",
      started_at: at,
      finished_at: now(),
      exit_code: 0,
      error: null,
      stats: null,
      log_lines: 1,
    });
  }

  async function deliver(
    subject: Subject,
    kind: string,
    p: unknown,
  ): Promise<void> {
    const live = connection;
    if (live === null) throw new Error(`${member.name} is not connected`);
    seq += 1;
    const id = headers();
    id.set("Nats-Msg-Id", `${epoch}:${seq}`);
    const event = { v: 1, host: hostId, epoch, seq, t: now(), kind, p };
    const body = signed("rm-event-v1", event);
    // A full stream takes nothing until the server has read on; the product's agent keeps its outbox meanwhile.
    for (;;) {
      const answer = await live.request(subject, body, {
        timeout: answerMs,
        headers: id,
      });
      if (answer.json<{ error?: unknown }>().error === undefined) return;
      await sleep(shortestWaitMs);
    }
  }

  const report = (kind: EventKind, payload: unknown) =>
    deliver(topic.event(hostId, kind), kind, payload);
  const log = (job_id: string, lines: readonly LogLine[]) =>
    deliver(topic.log(hostId, job_id), "log", { job_id, lines });

  return {
    member,
    connected: () => connection !== null,
    greetedAt: () => greetedAt,
    closedAt: () => closedAt,
    report,
    log,
    async stop() {
      stopped.abort();
      await connection?.close();
      await running;
    },
  };
}

export function line(n: number, text: string): LogLine {
  return { n, t: new Date().toISOString(), s: "stdout", l: text, k: "info" };
}
