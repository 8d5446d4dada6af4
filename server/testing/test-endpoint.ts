import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from "node:crypto";
import type { Clock } from "@restic-manager/shared/clock.ts";
import {
  fromBase64Url,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { sealContext, unseal } from "@restic-manager/shared/identity/seal.ts";
import type {
  AgreementKey,
  SealPurpose,
} from "@restic-manager/shared/identity/seal.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import type {
  Command,
  CommandAnswer,
} from "@restic-manager/shared/protocol/command.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import type {
  CommandVerb,
  EventKind,
  RequestOp,
} from "@restic-manager/shared/protocol/topic.ts";
import type { MemoryBus } from "../adapters/memory-bus.ts";
import type { Db } from "../ports/db.ts";
import { createTestAgent, insertTestHost } from "./test-agent.ts";

export type TestEndpoint = Awaited<ReturnType<typeof createTestEndpoint>>;

export type Reply =
  | { ok: true; result: unknown }
  | Omit<Extract<CommandAnswer, { ok: false }>, "id">
  | "silent";

export const ok = (result: unknown = null): Reply => ({ ok: true, result });

export const refused = (
  code: Extract<CommandAnswer, { ok: false }>["code"],
  message: string,
): Reply => ({ ok: false, code, message });

/** A host in the store and the agent at its other end, with real keys. It answers every command with ok until told otherwise. */
export async function createTestEndpoint(deps: {
  db: Db;
  clock: Clock;
  bus: MemoryBus;
  /** Which agents the server takes for online. */
  epochs: Map<string, string>;
  number: number;
  name: string;
}) {
  const { db, clock, bus, epochs, number, name } = deps;
  const agent = createTestAgent(clock, number);
  const { hostId } = agent;
  const box = agreementKey();
  await insertTestHost(db, agent, { name, status: "online" });
  await db
    .updateTable("hosts")
    .set({ x25519: box.publicKey })
    .where("id", "=", hostId)
    .execute();
  const line = bus.agent(hostId);
  const answers = new Map<CommandVerb, (sent: Command) => Reply>();
  const received: Command[] = [];
  let disconnect = () => {};
  let seq = 0;

  function answer(verb: string, text: string): string | null {
    const sent = readSigned(text, command);
    received.push(sent);
    const reply = answers.get(verb as CommandVerb)?.(sent) ?? ok();
    if (reply === "silent") return null;
    const body: CommandAnswer = { id: sent.id, ...reply };
    return agent.signed("rm-event-v1", body);
  }

  const endpoint = {
    hostId,
    name,
    received,
    signed: agent.signed,
    connect() {
      epochs.set(hostId, agent.epoch);
      disconnect = line.answer(answer);
    },
    /** `stillSeen`: the server has not noticed yet. */
    disconnect({ stillSeen = false } = {}) {
      if (!stillSeen) epochs.delete(hostId);
      disconnect();
    },
    onCommand: (verb: CommandVerb, reply: (sent: Command) => Reply) =>
      void answers.set(verb, reply),
    open(purpose: SealPurpose, revision: string | number, text: string) {
      const context = sealContext(hostId, purpose, revision);
      const bytes = fromBase64Url(text) ?? new Uint8Array();
      const plain = unseal(bytes, box, context);
      return plain && JSON.parse(new TextDecoder().decode(plain));
    },
    /** A signed event, numbered but not sent: what order it arrives in is the caller's. */
    make(kind: EventKind, p: unknown) {
      const { text } = agent.event(++seq, kind, p);
      return () => line.publish(topic.event(hostId, kind), text);
    },
    makeLog(jobId: string, lines: readonly unknown[]) {
      const { text } = agent.event(++seq, "log", { job_id: jobId, lines });
      return () => line.publish(topic.log(hostId, jobId), text);
    },
    async report(kind: EventKind, p: unknown) {
      await endpoint.make(kind, p)();
      await settle();
    },
    async live(jobId: string, progress: unknown) {
      await line.publish(topic.live(hostId, jobId), JSON.stringify(progress));
      await settle();
    },
    async ask(op: RequestOp, body: object): Promise<unknown> {
      const { text } = agent.request(op, body);
      const reply = await line.request(topic.request(hostId, op), text);
      const signed = reply === null ? null : parseJson(reply, signedText);
      return signed === null ? null : JSON.parse(signed.b);
    },
  };
  endpoint.connect();
  return endpoint;
}

/** Lets everything that is under way arrive: nothing here waits for time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function readSigned(text: string, schema: typeof command): Command {
  const signed = signedText.parse(JSON.parse(text));
  return schema.parse(JSON.parse(signed.b));
}

export function agreementKey(): AgreementKey {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  return {
    publicKey:
      fromBase64Url(publicKey.export({ format: "jwk" }).x ?? "") ??
      new Uint8Array(),
    agree: (other) =>
      new Uint8Array(
        diffieHellman({
          privateKey,
          publicKey: createPublicKey({
            key: { kty: "OKP", crv: "X25519", x: toBase64Url(other) },
            format: "jwk",
          }),
        }),
      ),
  };
}
