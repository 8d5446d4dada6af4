import { seal, sealContext } from "@restic-manager/shared/identity/seal.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import type { Approval } from "@restic-manager/shared/protocol/announce.ts";
import {
  commandAnswer,
  type CommandAnswer,
} from "@restic-manager/shared/protocol/command.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import {
  eventEnvelope,
  type EventEnvelope,
} from "@restic-manager/shared/protocol/event.ts";
import {
  parseSubject,
  pattern,
  topic,
  type CommandVerb,
} from "@restic-manager/shared/protocol/topic.ts";
import type { Msg } from "@nats-io/nats-core";
import { z } from "zod";
import { systemClock } from "../clock.ts";
import {
  agreementKey,
  signingKey,
  verifySignature,
  type SigningKey,
} from "../identity/keys.ts";
import type { Identity } from "../identity/identity.ts";
import { createRandom } from "../random.ts";
import { startNats } from "./nats-server.ts";
import { createAgentHttp, type AgentHttp } from "./test-server-http.ts";

export const testHost = "habcdefghijkl";

/** The server's side of the protocol, as small as it gets, over a real broker: for tests of the whole agent. */
export interface TestServer extends AgentHttp {
  readonly url: string;
  readonly key: SigningKey;
  /** What the host is to do; setting it raises the revision, nothing is sent. */
  configure(bundle: Omit<ConfigBundle, "host" | "rev">): number;
  /** Sends a signed command and gives the agent's answer. */
  command(
    verb: CommandVerb,
    payload: unknown,
    more?: { exp?: number; id?: string; host?: string; key?: SigningKey },
  ): Promise<CommandAnswer>;
  /** Seals a secret to the agent for a command with this id. */
  sealFor(commandId: string, secret: unknown): string;
  newId(): string;
  /** Every event stored, in the order of their numbers, once each. */
  events(): EventEnvelope[];
  /** Bodies seen on subjects that may get lost, by lane. */
  lossy(lane: "hb" | "live"): unknown[];
  hello(): Record<string, unknown> | null;
  /** How hello is answered; null answers normally. */
  refuseHello(code: "protocol_too_old" | "unknown_host" | null): void;
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
  const far = await nats.connectAs(nats.serverKey);
  const http = createAgentHttp({
    key,
    natsUrl: nats.server.replace("http", "ws"),
    approve,
  });
  const stored = new Map<string, EventEnvelope>();
  const lossy: { lane: string; body: unknown }[] = [];
  let bundle: ConfigBundle | null = null;
  let lastHello: Record<string, unknown> | null = null;
  let helloRefusal: "protocol_too_old" | "unknown_host" | null = null;
  let losing = false;

  function approve(publicKey: string): Approval {
    return {
      host_id: testHost,
      host_name: "endpoint",
      public_key: publicKey,
      server_key: toBase64Url(key.publicKey),
      jwt: "not.checked.here",
      approved_at: now(),
    };
  }

  const now = () => new Date(systemClock.now()).toISOString();
  const signed = (purpose: SignPurpose, body: unknown, by = key) =>
    JSON.stringify(signText(purpose, body, by.sign));

  function opened<T>(
    purpose: SignPurpose,
    text: string,
    schema: z.ZodType<T>,
  ): T | null {
    const parsed = parseJson(text, signedText);
    return parsed === null
      ? null
      : openSigned(purpose, parsed, agent.publicKey, verifySignature, schema);
  }

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
      };
    }
    if (op === "resume")
      return { host, t, committed: { epoch, seq: committed(epoch) } };
    if (bundle === null) return {};
    return {
      host,
      t,
      rev: bundle.rev,
      box: sealed("config", bundle.rev, bundle),
    };
  }

  function sealed(
    purpose: "config" | "repo-test",
    revision: string | number,
    body: unknown,
  ): string {
    const plain = new TextEncoder().encode(JSON.stringify(body));
    const context = sealContext(testHost, purpose, revision);
    const recipient = agent.agreement.publicKey;
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
    const event = opened("rm-event-v1", message.string(), eventEnvelope);
    if (event !== null) stored.set(`${event.epoch}:${event.seq}`, event);
    if (!losing)
      message.respond(JSON.stringify({ stream: "TEST", seq: stored.size }));
  }

  far.subscribe(pattern.requests, {
    callback: (_error, message) => {
      const request = opened("rm-request-v1", message.string(), requestSchema);
      if (request !== null)
        message.respond(
          signed(
            "rm-reply-v1",
            answer(parseSubject(message.subject)?.tail ?? "", request),
          ),
        );
    },
  });
  for (const lane of [pattern.events, pattern.logs])
    far.subscribe(lane, { callback: (_error, message) => store(message) });
  for (const lane of [pattern.heartbeats, pattern.live])
    far.subscribe(lane, {
      callback: (_error, message) =>
        void lossy.push({
          lane: parseSubject(message.subject)?.lane ?? "",
          body: message.json(),
        }),
    });

  return {
    ...http,
    key,
    configure(next) {
      bundle = { ...next, host: testHost, rev: (bundle?.rev ?? 0) + 1 };
      return bundle.rev;
    },
    async command(verb, payload, more = {}) {
      const {
        id = random.id(),
        exp = systemClock.now() + 30_000,
        host = testHost,
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
        timeout: 90_000,
      });
      return (
        opened("rm-event-v1", reply.string(), commandAnswer) ?? {
          id,
          ok: false,
          code: "internal",
          message: "not signed by the agent",
        }
      );
    },
    sealFor: (id, secret) => sealed("repo-test", id, secret),
    newId: random.id,
    events: () => [...stored.values()].sort((a, b) => a.seq - b.seq),
    lossy: (lane) => lossy.filter((m) => m.lane === lane).map((m) => m.body),
    hello: () => lastHello,
    refuseHello: (code) => void (helloRefusal = code),
    loseAcks: (lose) => void (losing = lose),
    async stop() {
      await far.close();
      await http.stop();
      await nats.stop();
    },
  };
}
