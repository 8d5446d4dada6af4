import {
  seal,
  sealContext,
  type SealPurpose,
} from "@restic-manager/shared/identity/seal.ts";
import {
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { signNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import {
  signText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import type { Approval } from "@restic-manager/shared/protocol/announce.ts";
import {
  commandAnswer,
  type CommandAnswer,
} from "@restic-manager/shared/protocol/command.ts";
import type { configBundle } from "@restic-manager/shared/protocol/config.ts";
import {
  eventEnvelope,
  type EventEnvelope,
} from "@restic-manager/shared/protocol/event.ts";
import { heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import {
  parseSubject,
  pattern,
  topic,
  type CommandVerb,
  type RequestOp,
} from "@restic-manager/shared/protocol/topic.ts";
import type { Msg } from "@nats-io/nats-core";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import { agreementKey, signingKey, type SigningKey } from "../identity/keys.ts";
import type { Identity } from "../identity/identity.ts";
import { createRandom } from "../random.ts";
import { startNats } from "./nats-server.ts";
import { createHostKeys, type KeyStanding } from "./test-server-keys.ts";
import { createAgentHttp, type AgentHttp } from "./test-server-http.ts";
import { createTestTrees, type TestTrees } from "./test-trees.ts";

export const testHost = "habcdefghijkl";

/** As it may travel: what an older server leaves out is not there. */
export type SentBundle = z.input<typeof configBundle>;

/** The server's side of the protocol, as small as it gets, over a real broker: for tests of the whole agent. */
export interface TestServer extends AgentHttp {
  readonly url: string;
  readonly key: SigningKey;
  /** What it was told of snapshots. */
  readonly trees: TestTrees;
  /** What the host is to do; setting it raises the revision, nothing is sent. */
  configure(bundle: Omit<SentBundle, "host" | "rev">): number;
  /** Sends a signed command and gives the agent's answer. */
  command(
    verb: CommandVerb,
    payload: unknown,
    more?: {
      exp?: number;
      id?: string;
      host?: string;
      key?: SigningKey;
      /** Milliseconds. */
      timeout?: number;
    },
  ): Promise<CommandAnswer>;
  /** Seals a secret to the agent for a command with this id. */
  sealFor(
    purpose: Exclude<SealPurpose, "config">,
    commandId: string,
    secret: unknown,
  ): string;
  newId(): string;
  /** Every event stored, in the order of their numbers, once each. */
  events(): EventEnvelope[];
  /** Bodies seen on subjects that may get lost, by lane. */
  lossy(lane: "hb" | "live"): unknown[];
  hello(): Record<string, unknown> | null;
  /** How hello is answered; null answers normally. */
  refuseHello(code: "protocol_too_old" | null): void;
  /** Keys this host had, newest last: Ed25519, base64url. */
  keys(): readonly string[];
  /** Replaces the host's key, as if it had asked for that. */
  addKey(next: Identity): void;
  /** Whether the server knows the host, has forgotten it, or has removed it. */
  setStanding(standing: KeyStanding): void;
  /** Cuts the host and lets it in no more. */
  cutOff(): void;
  /** Refuses the key that was replaced, as the server does when the new one has been heard. */
  dropOldKeys(): void;
  /** Takes what a request asks for, and never answers it. */
  loseAnswers(op: RequestOp | null): void;
  /** A credential that was given `age` seconds ago and ends in `left` seconds. */
  jwt(age: number, left: number): string;
  /** Tells the agent that the signer of its credential is about to go. */
  hintRenewal(hint: boolean): void;
  /** Requests of a kind that came. */
  requests(op: RequestOp): number;
  /** Takes events without acknowledging them, as a broker whose answer got lost. */
  loseAcks(lose: boolean): void;
  stop(): Promise<void>;
}

const requestSchema = z.looseObject({ host: z.string(), t: z.string() });

export async function startTestServer(
  dir: string,
  agent: Identity,
): Promise<TestServer> {
  const random = createRandom(systemClock);
  const key = signingKey(random.bytes(32));
  const agentRights = {
    publish: ["hb", "evt.>", "log.>", "live.>", "req.>"].map(
      (lane) => `rm.v1.${testHost}.${lane}`,
    ),
    subscribe: [`rm.v1.${testHost}.cmd.>`, `_INBOX.${testHost}.>`],
  };
  const nats = await startNats(dir, {
    agent,
    server: signingKey(random.bytes(32)),
    agentRights,
  });
  const keys = createHostKeys(agent);
  const far = await nats.connectAs(nats.serverKey);
  const http = createAgentHttp({
    key,
    natsUrl: nats.server.replace("http", "ws"),
    approve,
    standing: keys.standing,
  });
  const trees = createTestTrees();
  const counts = new Map<string, number>();
  let lost: RequestOp | null = null;
  let renew = false;
  const stored = new Map<string, EventEnvelope>();
  const lossy: { lane: string; body: unknown }[] = [];
  let bundle: SentBundle | null = null;
  let lastHello: Record<string, unknown> | null = null;
  let helloRefusal: "protocol_too_old" | "unknown_host" | null = null;
  let losing = false;

  function approve(publicKey: string): Approval {
    return {
      host_id: testHost,
      host_name: "endpoint",
      public_key: publicKey,
      server_key: toBase64Url(key.publicKey),
      jwt: jwt(0, 3_600),
      approved_at: now(),
    };
  }

  function jwt(age: number, left: number): string {
    const second = Math.floor(systemClock.now() / 1000);
    const claim = {
      issuer: encodeNkey("account", key.publicKey),
      subject: encodeNkey("user", agent.publicKey),
      name: testHost,
      issuedAt: second - age,
      expiresAt: second + left,
      nats: { type: "user", version: 2 } as const,
    };
    return signNatsJwt(claim, key.sign);
  }

  const bytesOf = (texts: readonly string[]) =>
    texts.map((text) => publicKeyBytes(text) ?? new Uint8Array());
  const allowAgents = () => nats.allow(bytesOf(keys.all()));
  const now = () => new Date(systemClock.now()).toISOString();
  const signed = (purpose: SignPurpose, body: unknown, by = key) =>
    JSON.stringify(signText(purpose, body, by.sign));

  function committed(epoch: string): number {
    let seq = 0;
    while (stored.has(`${epoch}:${seq + 1}`)) seq++;
    return seq;
  }

  function answer(op: string, request: z.infer<typeof requestSchema>): unknown {
    const { host, t } = request;
    const epoch = String(request["epoch"]);
    if (op === "hello") {
      lastHello = request;
      if (helloRefusal !== null)
        return {
          ok: false,
          host,
          t,
          code: helloRefusal,
          message: "Update it.",
          help_url: "/docs",
        };
      const mark = { epoch, seq: committed(epoch) };
      return {
        ok: true,
        host,
        t,
        server_time: now(),
        cfg_rev: bundle?.rev ?? 0,
        committed: mark,
        heartbeat_ms: 200,
        renew,
      };
    }
    if (op === "resume")
      return { host, t, committed: { epoch, seq: committed(epoch) } };
    if (op === "renew") return { host, t, jwt: jwt(0, 3_600) };
    if (op === "rotate") {
      const public_key = keys.rotate(request);
      // Reading its file anew, this broker forgets whom the agent may answer.
      systemClock.after(200, allowAgents);
      const approval = signText(
        "rm-approval-v1",
        approve(public_key),
        key.sign,
      );
      return { host, t, approval };
    }
    if (op.startsWith("tree.")) return trees.answer(op, request);
    if (bundle === null) return {};
    return {
      host,
      t,
      rev: bundle.rev,
      box: sealed("config", bundle.rev, bundle),
    };
  }

  function sealed(
    purpose: SealPurpose,
    revision: string | number,
    body: unknown,
  ): string {
    const plain = new TextEncoder().encode(JSON.stringify(body));
    const context = sealContext(testHost, purpose, revision);
    const recipient = keys.x25519();
    return toBase64Url(
      seal(
        plain,
        recipient,
        context,
        agreementKey(random.bytes(32)),
        random.bytes(24),
      ),
    );
  }

  function store(message: Msg): void {
    const event = keys.open("rm-event-v1", message.string(), eventEnvelope);
    if (event !== null) stored.set(`${event.epoch}:${event.seq}`, event);
    if (!losing)
      message.respond(JSON.stringify({ stream: "TEST", seq: stored.size }));
  }

  far.subscribe(pattern.requests, {
    callback: (_error, message) => {
      const request = keys.open(
        "rm-request-v1",
        message.string(),
        requestSchema,
      );
      const op = parseSubject(message.subject)?.tail ?? "";
      if (request === null) return;
      counts.set(op, (counts.get(op) ?? 0) + 1);
      const reply = signed("rm-reply-v1", answer(op, request));
      if (op !== lost) message.respond(reply);
    },
  });
  for (const lane of [pattern.events, pattern.logs])
    far.subscribe(lane, { callback: (_error, message) => store(message) });
  for (const lane of [pattern.heartbeats, pattern.live])
    far.subscribe(lane, {
      callback: (_error, message) =>
        void lossy.push({
          lane: parseSubject(message.subject)?.lane ?? "",
          body:
            lane === pattern.live
              ? message.json()
              : keys.open("rm-heartbeat-v1", message.string(), heartbeat),
        }),
    });

  return {
    ...http,
    key,
    trees,
    configure(next) {
      bundle = { ...next, host: testHost, rev: (bundle?.rev ?? 0) + 1 };
      return bundle.rev;
    },
    async command(verb, payload, more = {}) {
      const {
        id = random.id(),
        exp = systemClock.now() + 30_000,
        host = testHost,
        timeout = 90_000,
      } = more;
      const body = {
        v: 1,
        id,
        host,
        verb,
        iat: now(),
        exp: new Date(exp).toISOString(),
        p: payload,
      };
      const text = signed("rm-command-v1", body, more.key);
      const reply = await far.request(topic.command(testHost, verb), text, {
        timeout,
      });
      return (
        keys.open("rm-event-v1", reply.string(), commandAnswer) ?? {
          id,
          ok: false,
          code: "internal",
          message: "not signed by the agent",
        }
      );
    },
    sealFor: sealed,
    newId: random.id,
    events: () => [...stored.values()].sort((a, b) => a.seq - b.seq),
    lossy: (lane) => lossy.filter((m) => m.lane === lane).map((m) => m.body),
    hello: () => lastHello,
    refuseHello: (code) => void (helloRefusal = code),
    keys: keys.all,
    addKey(next) {
      keys.add(next);
      allowAgents();
    },
    setStanding(standing) {
      keys.setStanding(standing);
      helloRefusal = standing === "approved" ? null : "unknown_host";
    },
    cutOff: () => nats.allow([]),
    dropOldKeys: () => nats.allow(bytesOf(keys.all().slice(-1))),
    loseAnswers: (op) => void (lost = op),
    jwt,
    hintRenewal: (hint) => void (renew = hint),
    requests: (op) => counts.get(op) ?? 0,
    loseAcks: (lose) => void (losing = lose),
    async stop() {
      await far.close();
      await http.stop();
      await nats.stop();
    },
  };
}
