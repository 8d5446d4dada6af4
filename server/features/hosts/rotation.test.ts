import { beforeEach, expect, test } from "bun:test";
import { hostDetail } from "@restic-manager/shared/api/hosts.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import { helloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { rotateAnswer } from "@restic-manager/shared/protocol/identity.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  createApprovedAgent,
  newKeys,
  nextX25519,
  rotateWhenTold,
  voiceOf,
  type ApprovedAgent,
} from "../../testing/approved-agent.ts";
import {
  codeOf,
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { createTestAgent } from "../../testing/test-agent.ts";
import { settle } from "../../testing/test-endpoint.ts";

let world: HostsWorld;
let nas: ApprovedAgent;
/** The same host with the key it gets. */
let next: ReturnType<typeof voiceOf>;

beforeEach(async () => {
  world = createHostsWorld();
  nas = await createApprovedAgent(world, 1, "nas");
  next = voiceOf(world, createTestAgent(world.clock, 2, nas.hostId));
  world.hosts.start();
  await nas.said("hello", nas.hello(), helloAnswer);
});

const nkey = ({ publicKey }: Pick<ApprovedAgent, "publicKey">) =>
  encodeNkey("user", publicKey);

const rotate = (over: object = {}) =>
  nas.ask("rotate", newKeys(world, next, over), rotateAnswer);

const whenTold = (
  work: () => Promise<unknown> = rotate,
  by: Pick<ApprovedAgent, "signed"> = nas,
) => rotateWhenTold(world, nas, next, { work, by });

async function ask() {
  const path = `/api/hosts/${nas.hostId}/rotate-key`;
  return world.send("POST", path, {}, await world.as("admin"));
}

async function detail() {
  const headers = await world.as("viewer");
  const path = `/api/hosts/${nas.hostId}`;
  const response = await world.request(path, { headers });
  return hostDetail.parse(await response.json());
}

test("a person has the agent replace its key, and sees the new fingerprint and the old one [ENR-14]", async () => {
  await world.db.updateTable("hosts").set({ cfg_rev: 4 }).execute();
  whenTold();
  await world.clock.advance(60_000);
  const after = hostDetail.parse(await (await ask()).json());
  const at = "2026-01-01T00:01:00.000Z";
  expect(after.fingerprint).toBe(next.fingerprint);
  expect(after.keys).toEqual([
    { fingerprint: next.fingerprint, since: at, until: null },
    {
      fingerprint: nas.fingerprint,
      since: "2026-01-01T00:00:00.000Z",
      until: at,
    },
  ]);
  expect(after.cfg_rev).toBe(5);
  const { public_key, x25519: box } = await world.db
    .selectFrom("hosts")
    .select(["public_key", "x25519"])
    .executeTakeFirstOrThrow();
  expect([public_key, toBase64Url(box)]).toEqual([next.publicKey, nextX25519]);
});

test("the answer holds an approval for the new key [ENR-14]", async () => {
  let answer: Awaited<ReturnType<typeof rotate>> = null;
  whenTold(async () => (answer = await rotate()), next);
  expect((await ask()).status).toBe(200);
  const { approval } = rotateAnswer.parse(answer);
  expect(next.approvalIn(approval)).toMatchObject({
    host_id: nas.hostId,
    public_key: next.publicKeyText,
    jwt: expect.stringContaining(`${nkey(next)} ${nas.hostId}`),
  });
});

test("from then on only the new key is believed, and the old one is told so [ENR-14]", async () => {
  whenTold();
  await ask();
  expect(await nas.said("hello", nas.hello(), helloAnswer)).toBeNull();
  expect(await codeOf(nas.session())).toBe("410 host_revoked");
  expect((await next.session()).status).toBe(200);
  expect(await next.said("hello", next.hello(), helloAnswer)).toMatchObject({
    ok: true,
  });
});

test("the broker cuts the old key when the new one has come, or after a minute [ENR-14]", async () => {
  whenTold();
  await ask();
  expect(world.cut).toEqual([]);
  await next.said("hello", next.hello(), helloAnswer);
  await settle();
  expect(world.cut).toEqual([nkey(nas)]);
  await world.clock.advance(60_000);
  expect(world.cut).toEqual([nkey(nas)]);
});

test("an agent that never comes back with its new key loses the old one all the same [ENR-14]", async () => {
  whenTold();
  await ask();
  await world.clock.advance(59_000);
  expect(world.cut).toEqual([]);
  await world.clock.advance(1_000);
  await settle();
  expect(world.cut).toEqual([nkey(nas)]);
});

test("events that the old key signed are stored for ten more minutes [ENR-14]", async () => {
  const stored = async () =>
    (
      await world.db
        .selectFrom("agent_streams")
        .select("committed_seq")
        .executeTakeFirst()
    )?.committed_seq ?? 0;
  const report = async (by: Pick<ApprovedAgent, "event">, seq: number) => {
    const { text } = by.event(seq, "cfg.applied", {}, { epoch: nas.epoch });
    await nas.line.publish(topic.event(nas.hostId, "cfg.applied"), text);
    await settle();
  };
  whenTold();
  await ask();
  await report(nas, 1);
  await report(next, 2);
  expect(await stored()).toBe(2);
  await world.clock.advance(10 * 60_000);
  await report(nas, 3);
  expect(await stored()).toBe(2);
});

test("nobody rotates a key unasked, however it is signed [ENR-14]", async () => {
  expect(await rotate()).toBeNull();
  whenTold();
  await ask();
  const third = voiceOf(world, createTestAgent(world.clock, 3, nas.hostId));
  next = third;
  expect(await rotate()).toBeNull();
  expect((await detail()).fingerprint).not.toBe(third.fingerprint);
});

test("a question that was held back since an earlier wish is refused: its key may be gone [ENR-14]", async () => {
  const held = newKeys(world, next);
  await world.clock.advance(20_000);
  whenTold(() => nas.ask("rotate", held, rotateAnswer));
  expect(await codeOf(ask())).toBe("409 agent_refused");
  expect((await detail()).keys).toHaveLength(1);
  whenTold();
  expect((await ask()).status).toBe(200);
});

test("a key without proof, of another host or server, or that a host had, is refused [ENR-14]", async () => {
  const other = await createApprovedAgent(world, 4, "laptop");
  const tried: unknown[] = [];
  whenTold(async () => {
    for (const over of [
      { host: other.hostId },
      { x25519: next.publicKeyText },
      { server_key: other.publicKeyText },
    ])
      tried.push(await rotate(over));
    next = other;
    tried.push(await rotate({ host: nas.hostId }));
  });
  expect(await codeOf(ask())).toBe("409 agent_refused");
  expect(tried).toEqual([null, null, null, null]);
  expect((await detail()).keys).toHaveLength(1);
});

test("a key that the host has had is refused [ENR-14]", async () => {
  whenTold();
  await ask();
  const before = nas;
  nas = next;
  next = before;
  whenTold();
  expect(await codeOf(ask())).toBe("409 agent_refused");
  expect((await detail()).fingerprint).toBe(nas.fingerprint);
});

test("an agent that is away, or refuses, keeps its key [ENR-14]", async () => {
  expect(await codeOf(ask())).toBe("503 host_offline");
  nas.line.answer((_verb, text) => {
    const sent = parseJson(parseJson(text, signedText)?.b ?? "", command);
    const message = "The disk is full.";
    const body = { id: sent?.id, ok: false, code: "internal", message };
    return nas.signed("rm-event-v1", body);
  });
  const refused = await ask();
  expect(await refused.json()).toMatchObject({
    code: "agent_refused",
    message: "The disk is full.",
  });
  expect(await rotate()).toBeNull();
});

test("an announcement with the old key waits for a person again [ENR-14]", async () => {
  const joined = await world.agents.join(9);
  await world.people.accept(joined.agent, joined.announced);
  const { id } = await world.db
    .selectFrom("hosts")
    .select("id")
    .where("name", "=", "nas-2")
    .executeTakeFirstOrThrow();
  nas = voiceOf(world, createTestAgent(world.clock, 9, id));
  next = voiceOf(world, createTestAgent(world.clock, 10, id));
  whenTold();
  expect((await ask()).status).toBe(200);
  await world.agents.join(9);
  expect(await world.people.waiting()).toMatchObject([
    { fingerprint: nas.fingerprint, removed: { name: "nas-2" } },
  ]);
});
