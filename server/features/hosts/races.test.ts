import { beforeEach, expect, test } from "bun:test";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { helloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { rotateAnswer } from "@restic-manager/shared/protocol/identity.ts";
import {
  createApprovedAgent,
  newKeys,
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
let next: ReturnType<typeof voiceOf>;

beforeEach(async () => {
  world = createHostsWorld();
  nas = await createApprovedAgent(world, 1, "nas");
  next = voiceOf(world, createTestAgent(world.clock, 2, nas.hostId));
  world.hosts.start();
});

const path = () => `/api/hosts/${nas.hostId}`;
const remove = async () =>
  world.send("DELETE", path(), { name: "nas" }, await world.as("admin"));
const rotate = async () =>
  world.send("POST", `${path()}/rotate-key`, {}, await world.as("admin"));

async function actions(): Promise<string[]> {
  const rows = await world.db
    .selectFrom("audit_log")
    .select("action")
    .execute();
  return rows.map(({ action }) => action);
}

test("two people who remove one host at the same moment remove it once [RES-07] [TST-07]", async () => {
  const answers = await Promise.all([remove(), remove()]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404]);
  expect(await actions()).toEqual(["host.remove"]);
  expect(world.cut).toEqual([encodeNkey("user", nas.publicKey)]);
});

test("a hello that arrives while its host is removed leaves nobody online [RES-07] [TST-07]", async () => {
  const hello = () => nas.said("hello", nas.hello(), helloAnswer);
  const [before, response] = await Promise.all([hello(), remove(), hello()]);
  expect([before?.ok, response.status]).toEqual([true, 200]);
  await nas.heartbeat();
  await world.clock.advance(1_000);
  expect(world.hosts.presence.isOnline(nas.hostId)).toBe(false);
});

test("a host that is removed while its key is replaced is gone with both keys [RES-07] [TST-07]", async () => {
  rotateWhenTold(world, nas, next, {
    async work() {
      await remove();
      return nas.ask("rotate", newKeys(world, next), rotateAnswer);
    },
  });
  expect((await rotate()).ok).toBe(false);
  expect(await codeOf(nas.session())).toBe("410 host_revoked");
  expect(await codeOf(next.session())).toBe("404 host_unknown");
});

test("a host that is removed right after its key was replaced is gone with both keys [RES-07] [TST-07]", async () => {
  rotateWhenTold(world, nas, next);
  await rotate();
  await remove();
  for (const agent of [nas, next])
    expect(await codeOf(agent.session())).toBe("410 host_revoked");
  await world.clock.advance(60_000);
  await settle();
  expect(world.cut.toSorted()).toEqual(
    [nas, next]
      .map(({ publicKey }) => encodeNkey("user", publicKey))
      .toSorted(),
  );
});

test("of two agents that replace one key at the same moment one is the host [RES-07] [TST-07]", async () => {
  const third = voiceOf(world, createTestAgent(world.clock, 3, nas.hostId));
  const ask = (by: typeof third) =>
    nas.ask("rotate", newKeys(world, by), rotateAnswer);
  rotateWhenTold(world, nas, next, {
    work: () => Promise.all([ask(next), ask(third)]),
  });
  expect((await rotate()).status).toBe(200);
  const codes = await Promise.all(
    [next, third].map(async (of) => (await of.session()).status),
  );
  expect(codes.toSorted()).toEqual([200, 404]);
  expect(await actions()).toEqual(["host.rotate_key"]);
});
