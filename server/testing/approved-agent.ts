import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import { rotateAnswer } from "@restic-manager/shared/protocol/identity.ts";
import type { RotateRequest } from "@restic-manager/shared/protocol/identity.ts";
import { approval } from "@restic-manager/shared/protocol/announce.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import type { RequestOp } from "@restic-manager/shared/protocol/topic.ts";
import type { z } from "zod";
import { verifySignature } from "../identity.ts";
import type { HostsWorld } from "./hosts-world.ts";
import { createTestAgent, insertTestHost } from "./test-agent.ts";
import type { TestAgent } from "./test-agent.ts";
import { settle } from "./test-endpoint.ts";

export type ApprovedAgent = Awaited<ReturnType<typeof createApprovedAgent>>;

/** An agent of an approved host, at the doors it has. */
export async function createApprovedAgent(
  world: HostsWorld,
  number: number,
  name: string,
) {
  const agent = createTestAgent(world.clock, number);
  await insertTestHost(world.db, agent, { name });
  return voiceOf(world, agent);
}

/** What an agent says, whether or not its key is its host's. */
export function voiceOf(world: HostsWorld, agent: TestAgent) {
  const { hostId } = agent;
  const line = world.bus.agent(hostId);

  async function said<T>(
    op: RequestOp,
    text: string,
    schema: z.ZodType<T>,
  ): Promise<T | null> {
    const reply = await line.request(topic.request(hostId, op), text);
    const signed = parseJson(reply ?? "", signedText);
    return signed === null ? null : byServer("rm-reply-v1", signed, schema);
  }

  function byServer<T>(
    purpose: "rm-reply-v1" | "rm-approval-v1",
    signed: SignedText,
    schema: z.ZodType<T>,
  ): T | null {
    const { publicKey } = world.identity;
    return openSigned(purpose, signed, publicKey, verifySignature, schema);
  }

  return {
    ...agent,
    line,
    said,
    ask: <T>(op: RequestOp, body: object, schema: z.ZodType<T>) =>
      said(op, agent.request(op, body).text, schema),
    approvalIn: (signed: SignedText) =>
      byServer("rm-approval-v1", signed, approval),
    async heartbeat(over: object = {}) {
      await line.publish(topic.heartbeat(hostId), agent.beat(over));
      await settle();
    },
    session: (over: object = {}, purpose = "rm-session-v1" as const) =>
      world.send(
        "POST",
        "/api/agents/session",
        JSON.parse(
          agent.signed(purpose, {
            v: 1,
            public_key: agent.publicKeyText,
            server_key: world.identity.publicKeyText,
            t: new Date(world.clock.now()).toISOString(),
            nonce: "0".repeat(16),
            ...over,
          }),
        ),
      ),
  };
}

/** The request for a next key; `over` changes what that key has signed. */
export function newKeys(
  world: HostsWorld,
  next: TestAgent,
  over: object = {},
): RotateRequest {
  const { hostId: host, publicKeyText: public_key } = next;
  const t = new Date(world.clock.now()).toISOString();
  const server_key = world.identity.publicKeyText;
  const proof = {
    host,
    public_key,
    x25519: nextX25519,
    server_key,
    t,
    ...over,
  };
  return {
    host,
    t,
    public_key,
    x25519: nextX25519,
    proof: signedText.parse(JSON.parse(next.signed("rm-rotate-v1", proof))),
  };
}

export const nextX25519 = toBase64Url(new Uint8Array(32).fill(5));

/** Has the agent do `work`, or ask for its next key, when it is told to rotate, and answer with the key of `by`. */
export function rotateWhenTold(
  world: HostsWorld,
  agent: ApprovedAgent,
  next: TestAgent,
  over: {
    readonly work?: () => Promise<unknown>;
    readonly by?: Pick<TestAgent, "signed">;
  } = {},
): void {
  const askForIt = () =>
    agent.ask("rotate", newKeys(world, next), rotateAnswer);
  const { work = askForIt, by = agent } = over;
  agent.line.answer(async (_verb, text) => {
    const sent = parseJson(parseJson(text, signedText)?.b ?? "", command);
    await work();
    return by.signed("rm-event-v1", { id: sent?.id, ok: true, result: null });
  });
}
