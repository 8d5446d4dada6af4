import {
  fromBase64Url,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { sealContext, unseal } from "@restic-manager/shared/identity/seal.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import type { Command } from "@restic-manager/shared/protocol/command.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import { createHttpPost } from "../adapters/http-post.ts";
import { createMemoryBus } from "../adapters/memory-bus.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { createFeatures } from "../app/features.ts";
import { systemClock } from "../clock.ts";
import { identityOf } from "../identity.ts";
import type { Transaction } from "../ports/transaction.ts";
import { createTestAgent } from "./test-agent.ts";
import { createTestAgentAccess } from "./test-agent-access.ts";
import { createTestApi, createTestWorld } from "./test-api.ts";
import { agreementKey, ok } from "./test-endpoint.ts";
import type { Reply } from "./test-endpoint.ts";

export type NewAgent = ReturnType<typeof createNewAgent>;
export type FeaturesWorld = ReturnType<typeof createFeaturesWorld>;

/**
 * The features as the server puts them together, running between HTTP and a bus without a broker. `arrange` decides
 * when each transaction begins: a test of what happens at the same moment gives them an order of its own.
 */
export function createFeaturesWorld(
  arrange: (tx: Transaction) => Transaction = (tx) => tx,
) {
  const made = createTestWorld();
  const world = { ...made, tx: arrange(made.tx) };
  const { random } = world;
  const bus = createMemoryBus(world);
  const identity = identityOf(random.bytes(32), random);
  const features = createFeatures({
    ...world,
    confirm: world.auth.confirm,
    version: "0.0.0",
    bus,
    identity,
    secrets: createSealedSecrets(random.bytes(32), random),
    broker: createTestAgentAccess(),
    post: createHttpPost(systemClock),
    config: {
      agentUrls: [],
      pendingExpiry: 3_600_000,
      offlineAfter: 90_000,
      heartbeatInterval: 30_000,
    },
  });
  const stop = features.start();
  bus.start();
  const api = createTestApi(world, { routes: features.routes });
  return { ...world, ...api, bus, identity, features, stop };
}

/** An agent that can announce itself, say hello, and carry out commands; it answers each with ok until told otherwise. */
export function createNewAgent(world: FeaturesWorld, number = 1) {
  const { bus, identity } = world;
  const agent = createTestAgent(world.clock, number);
  const box = agreementKey();
  const sent: Command[] = [];
  const answers = new Map<string, (sent: Command) => Reply>();
  const server_key = identity.publicKeyText;
  const signed = (purpose: "rm-announce-v1" | "rm-proof-v1", body: object) =>
    JSON.parse(agent.signed(purpose, body)) as object;

  return {
    ...agent,
    sent,
    announce: (over: object = {}) =>
      world.send(
        "POST",
        "/api/agents/announce",
        signed("rm-announce-v1", {
          v: 1,
          public_key: agent.publicKeyText,
          x25519: toBase64Url(box.publicKey),
          server_key,
          hostname: "nas",
          os: "linux",
          arch: "x64",
          tz: "Europe/Berlin",
          agent_version: "0.1.0",
          restic_version: "0.19.1",
          protocol_min: 1,
          protocol_max: 1,
          ...over,
        }),
      ),
    wait: ({ pending_id, nonce }: { pending_id: string; nonce: string }) =>
      world.send(
        "POST",
        `/api/agents/announce/${pending_id}/wait`,
        signed("rm-proof-v1", {
          pending_id,
          nonce,
          server_key,
          challenge: "challenge-16-long",
        }),
      ),
    onCommand: (verb: string, reply: (sent: Command) => Reply) =>
      void answers.set(verb, reply),
    /** Connects as the host it was approved as, and says hello. */
    async connect(hostId: string) {
      const line = bus.agent(hostId);
      line.answer((verb, text) => {
        const got = parseJson(parseJson(text, signedText)?.b ?? "", command);
        if (got === null) return null;
        sent.push(got);
        const reply = answers.get(verb)?.(got) ?? ok();
        if (reply === "silent") return null;
        return agent.signed("rm-event-v1", { id: got.id, ...reply });
      });
      await line.request(
        topic.request(hostId, "hello"),
        agent.signed("rm-request-v1", {
          ...helloFacts(agent.epoch),
          host: hostId,
          t: new Date(world.clock.now()).toISOString(),
        }),
      );
      return line;
    },
    /** What was sealed to this agent for one use. */
    open(
      hostId: string,
      purpose: "config" | "repo-test",
      revision: string | number,
      text: string,
      // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, field by field
    ): any {
      const context = sealContext(hostId, purpose, revision);
      const plain = unseal(
        fromBase64Url(text) ?? new Uint8Array(),
        box,
        context,
      );
      return plain && JSON.parse(new TextDecoder().decode(plain));
    },
  };
}

function helloFacts(epoch: string) {
  return {
    protocol_min: 1,
    protocol_max: 1,
    agent_version: "0.1.0",
    agent_commit: "",
    hostname: "nas",
    os: "linux",
    os_version: "Debian 12",
    arch: "x64",
    tz: "Europe/Berlin",
    boot_time: "2025-12-31T00:00:00.000Z",
    restic: {
      version: "0.19.1",
      source: "embedded",
      path: "/restic",
      sha256: null,
      problem: null,
    },
    epoch,
    cfg_rev: 0,
    running_jobs: [],
    outbox_depth: 0,
    instance: "instance-of-the-test",
    jwt_issuer: "A",
  };
}
