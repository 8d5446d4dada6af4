import { beforeEach, describe, expect, test } from "bun:test";
import { hostDetail, hostList } from "@restic-manager/shared/api/hosts.ts";
import { helloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  createApprovedAgent,
  type ApprovedAgent,
} from "../../testing/approved-agent.ts";
import {
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { settle } from "../../testing/test-endpoint.ts";

let world: HostsWorld;
let nas: ApprovedAgent;
let start: number;

beforeEach(async () => {
  world = createHostsWorld();
  nas = await createApprovedAgent(world, 1, "nas");
  world.hosts.start();
  start = world.clock.now();
});

const first = { instance: "the-first-process", hostname: "nas" };
const second = {
  instance: "the-second-process",
  hostname: "clone",
  boot_time: "2026-01-01T00:00:00.000Z",
};

async function hello(of: object) {
  await nas.said("hello", nas.hello(of), helloAnswer);
}

async function beat({ instance }: { instance: string }) {
  await nas.heartbeat({ instance });
}

/** Half a minute, in which those who are given send a heartbeat. */
async function halfMinute(...of: { instance: string }[]) {
  await world.clock.advance(30_000);
  for (const one of of) await beat(one);
  await settle();
}

async function conflict() {
  const headers = await world.as("viewer");
  const path = `/api/hosts/${nas.hostId}`;
  const detail = await world.request(path, { headers });
  const list = await world.request("/api/hosts", { headers });
  const { hosts } = hostList.parse(await list.json());
  const found = hostDetail.parse(await detail.json()).identity_conflict;
  expect(hosts[0]?.identity_conflict).toEqual(found);
  return found;
}

const audited = async () =>
  world.db
    .selectFrom("audit_log")
    .select(["actor_kind", "target_id", "payload"])
    .where("action", "=", "host.identity_conflict")
    .execute();

describe("two processes with one identity", () => {
  test("are shown to a person with what each says of its machine, and audited once [TRN-11]", async () => {
    await hello(first);
    await hello(second);
    await halfMinute(first, second);
    await halfMinute(first, second);
    expect(await conflict()).toEqual({
      since: "2026-01-01T00:00:30.000Z",
      instances: [
        {
          hostname: "nas",
          boot_time: "2025-12-31T00:00:00.000Z",
          last_seen_at: "2026-01-01T00:00:30.000Z",
        },
        {
          hostname: "clone",
          boot_time: "2026-01-01T00:00:00.000Z",
          last_seen_at: "2026-01-01T00:00:30.000Z",
        },
      ],
    });
    expect(await audited()).toEqual([
      {
        actor_kind: "agent",
        target_id: nas.hostId,
        payload: JSON.stringify({ hostnames: ["nas", "clone"] }),
      },
    ]);
    expect(world.emitted).toContainEqual({
      type: "host.changed",
      hostId: nas.hostId,
    });
  });

  test("are told by a hello of the older one as well [TRN-11]", async () => {
    await hello(first);
    await hello(second);
    await world.clock.advance(30_000);
    await hello(first);
    await settle();
    expect(await conflict()).not.toBeNull();
  });

  test("are both served [TRN-11]", async () => {
    await hello(first);
    await hello(second);
    await halfMinute(first, second);
    for (const of of [first, second]) {
      const answer = await nas.said("hello", nas.hello(of), helloAnswer);
      expect(answer?.ok).toBe(true);
    }
  });

  test("are no conflict any more when one of them was silent for ten minutes [TRN-11]", async () => {
    await hello(first);
    await hello(second);
    for (let i = 0; i < 4; i++) await halfMinute(first, second);
    for (let i = 0; i < 18; i++) await halfMinute(second);
    expect((await conflict())?.instances).toHaveLength(2);
    for (let i = 0; i < 4; i++) await halfMinute(second);
    expect(await conflict()).toBeNull();
    expect(await audited()).toHaveLength(1);
  });

  describe("known from before a restart of the server", () => {
    const since = "2025-12-31T12:00:00.000Z";
    beforeEach(async () => {
      const instances = [first, second].map(({ instance: id, ...of }) => ({
        id,
        boot_time: since,
        last_seen_at: since,
        ...of,
      }));
      await world.db
        .updateTable("hosts")
        .set({ identity_conflict: JSON.stringify({ since, instances }) })
        .execute();
      world.hosts.start();
      await settle();
    });

    test("stay the same conflict when both come back [TRN-11]", async () => {
      for (const of of [first, second]) await hello(of);
      for (let i = 0; i < 30; i++) await halfMinute(first, second);
      expect((await conflict())?.since).toBe(since);
      expect(await audited()).toEqual([]);
    });

    test("are none when only one comes back [TRN-11]", async () => {
      await hello(second);
      for (let i = 0; i < 22; i++) await halfMinute(second);
      expect(await conflict()).toBeNull();
    });
  });

  test("stay a conflict while the host is away [TRN-11]", async () => {
    await hello(first);
    await hello(second);
    await halfMinute(first, second);
    await world.clock.advance(60 * 60_000);
    expect((await conflict())?.instances).toHaveLength(2);
  });
});

test("a restarted agent is no conflict, nor is what its old process had sent [TRN-11]", async () => {
  await hello(first);
  await halfMinute(first);
  await hello(second);
  await world.clock.advance(1_000);
  await beat(first);
  for (let i = 0; i < 30; i++) await halfMinute(second);
  await hello(second);
  expect(await conflict()).toBeNull();
  expect(await audited()).toEqual([]);
});

describe("a heartbeat", () => {
  const lastSeen = async () => {
    await world.clock.advance(1_000);
    await settle();
    const row = await world.db
      .selectFrom("hosts")
      .select("last_seen_at")
      .executeTakeFirstOrThrow();
    return Date.parse(row.last_seen_at ?? "") - start;
  };

  test("that is repeated keeps no host online [TRN-06]", async () => {
    await hello(first);
    await world.clock.advance(30_000);
    const text = nas.beat(first);
    const replay = async () => {
      await nas.line.publish(topic.heartbeat(nas.hostId), text);
      await settle();
    };
    await replay();
    expect(await lastSeen()).toBe(30_000);
    await world.clock.advance(30_000);
    await replay();
    await hello({ ...second, hostname: "nas" });
    expect(await lastSeen()).toBe(61_000);
    await world.clock.advance(30_000);
    await replay();
    expect(await lastSeen()).toBe(61_000);
    expect(await conflict()).toBeNull();
  });

  test("counts again when the server's clock, having been wrong, was set back", async () => {
    await hello(first);
    await world.clock.advance(600_000);
    await beat(first);
    expect(await lastSeen()).toBe(600_000);
    world.clock.set(start + 60_000);
    await beat(first);
    expect(await lastSeen()).toBe(60_000);
  });

  test("of a process that has not said hello, or signed for another use, does not count [TRN-06]", async () => {
    await hello(first);
    await world.clock.advance(30_000);
    await beat({ instance: "nobody-has-met-it" });
    const body = JSON.parse(JSON.parse(nas.beat(first)).b) as object;
    for (const text of [
      JSON.stringify(body),
      nas.signed("rm-request-v1", body),
      nas.signed("rm-event-v1", body),
    ])
      await nas.line.publish(topic.heartbeat(nas.hostId), text);
    expect(await lastSeen()).toBe(0);
  });
});
