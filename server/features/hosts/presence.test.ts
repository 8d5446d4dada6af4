import { beforeEach, describe, expect, test } from "bun:test";
import { hostDetail } from "@restic-manager/shared/api/hosts.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  helloAnswer,
  resumeAnswer,
} from "@restic-manager/shared/protocol/hello.ts";
import {
  topic,
  type RequestOp,
} from "@restic-manager/shared/protocol/topic.ts";
import { helpUrl } from "@restic-manager/shared/protocol/version.ts";
import type { z } from "zod";
import { settle } from "../../testing/test-endpoint.ts";
import { verifySignature } from "../../identity.ts";
import {
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import {
  createTestAgent,
  insertTestHost,
  type TestAgent,
} from "../../testing/test-agent.ts";

let world: HostsWorld;
let agent: TestAgent;

beforeEach(async () => {
  world = createHostsWorld();
  agent = createTestAgent(world.clock, 1);
  await insertTestHost(world.db, agent, { name: "nas" });
  world.hosts.start();
});

async function ask<T>(
  op: RequestOp,
  text: string,
  schema: z.ZodType<T>,
): Promise<T | null> {
  const reply = await world.bus
    .agent(agent.hostId)
    .request(topic.request(agent.hostId, op), text);
  const signed = parseJson(reply ?? "", signedText);
  if (signed === null) return null;
  const { publicKey } = world.identity;
  return openSigned("rm-reply-v1", signed, publicKey, verifySignature, schema);
}

const hello = (over: object = {}) =>
  ask("hello", agent.hello(over), helloAnswer);

async function sendBeat(over: object = {}) {
  await world.bus
    .agent(agent.hostId)
    .publish(topic.heartbeat(agent.hostId), agent.beat(over));
  await settle();
}

async function beat(over: object = {}) {
  await sendBeat(over);
  await passed(1_000);
}

/** Lets time pass and what it set off finish. */
async function passed(ms: number) {
  await world.clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

async function detail() {
  const headers = await world.as("viewer");
  const response = await world.request(`/api/hosts/${agent.hostId}`, {
    headers,
  });
  return hostDetail.parse(await response.json());
}

describe("hello", () => {
  test("brings the host online with everything the agent says about itself [AGT-04]", async () => {
    const answer = await hello();
    expect(answer).toEqual({
      ok: true,
      host: agent.hostId,
      t: "2026-01-01T00:00:00.000Z",
      server_time: "2026-01-01T00:00:00.000Z",
      cfg_rev: 0,
      committed: { epoch: agent.epoch, seq: 0 },
      heartbeat_ms: 30_000,
      renew: false,
    });
    expect(await detail()).toMatchObject({
      name: "nas",
      online: true,
      hostname: "nas.local",
      os_version: "Debian 12",
      arch: "arm64",
      tz: "Europe/Berlin",
      boot_time: "2025-12-31T00:00:00.000Z",
      agent_version: "0.2.0",
      agent_commit: "0123456789ab",
      restic: { version: "0.19.1", problem: "It cannot be run." },
    });
    expect(world.hosts.presence.epochOf(agent.hostId)).toBe(agent.epoch);
    expect(world.emitted).toContainEqual({
      type: "host.changed",
      hostId: agent.hostId,
    });
  });

  test("tells how far the agent's events are stored, and so does resume", async () => {
    const events = [1, 2, 4].map((seq) => agent.event(seq, "cfg.applied", {}));
    for (const event of events)
      await world.bus
        .agent(agent.hostId)
        .publish(topic.event(agent.hostId, "cfg.applied"), event.text);
    const committed = { epoch: agent.epoch, seq: 2 };
    const question = agent.request("resume", { epoch: agent.epoch }).text;
    const resume = () => ask("resume", question, resumeAnswer);
    for (let i = 0; i < 100 && (await resume())?.committed.seq !== 2; i++)
      await passed(0);
    expect(await resume()).toMatchObject({ host: agent.hostId, committed });
    expect(await hello()).toMatchObject({ committed });
    expect(await hello({ epoch: "after-reinstall" })).toMatchObject({
      committed: { epoch: "after-reinstall", seq: 0 },
    });
  });

  test.each([
    [0, "protocol_too_old"],
    [9, "protocol_too_new"],
  ])(
    "an agent of protocol %d is told %s with a link [TRN-05]",
    async (protocol, code) => {
      const old = {
        protocol_min: protocol,
        protocol_max: protocol,
        restic: "in another shape",
      };
      expect(await hello(old)).toMatchObject({
        ok: false,
        code,
        help_url: helpUrl,
      });
      expect((await detail()).online).toBe(false);
    },
  );

  test.each(["agent_version", "agent_commit", "tz"])(
    "a hello with an endless %s changes nothing",
    async (field) => {
      expect(await hello({ [field]: "x".repeat(65) })).toBeNull();
      expect((await detail()).online).toBe(false);
    },
  );

  test("what the agent says it is doing is passed on", async () => {
    const running_jobs = ["01JDZ0000000000000000000AA"];
    await hello({ running_jobs, outbox_depth: 3 });
    expect(world.reconciled).toMatchObject([
      { host: agent.hostId, running_jobs, outbox_depth: 3 },
    ]);
  });

  test("an agent that lost its configuration shows as not applied, one that is ahead gets a newer revision", async () => {
    await world.db
      .updateTable("hosts")
      .set({ cfg_rev: 7, applied_cfg_rev: 7 })
      .execute();
    expect(await hello({ cfg_rev: 0 })).toMatchObject({ cfg_rev: 7 });
    expect(await detail()).toMatchObject({ cfg_rev: 7, applied_cfg_rev: 0 });
    expect(await hello({ cfg_rev: 9 })).toMatchObject({ cfg_rev: 10 });
  });
});

describe("presence", () => {
  test("a host is offline when nothing came for 90 s, and online again with the next heartbeat [AGT-05]", async () => {
    await hello();
    await passed(30_000);
    await beat();
    await passed(80_000);
    expect((await detail()).online).toBe(true);
    await passed(30_000);
    expect(await detail()).toMatchObject({
      online: false,
      last_seen_at: "2026-01-01T00:00:30.000Z",
    });
    expect(world.hosts.presence.isOnline(agent.hostId)).toBe(false);
    world.emitted.length = 0;
    await beat();
    expect((await detail()).online).toBe(true);
    expect(world.hosts.presence.isOnline(agent.hostId)).toBe(true);
    expect(world.emitted).toEqual([
      { type: "host.changed", hostId: agent.hostId },
    ]);
  });

  test("a host that stays online is no news", async () => {
    await hello();
    world.emitted.length = 0;
    for (let i = 0; i < 10; i++) {
      await beat();
      await passed(29_000);
    }
    expect(world.emitted).toEqual([]);
    expect((await detail()).last_seen_at).toBe("2026-01-01T00:04:30.000Z");
  });

  test("after a restart of the server every agent gets 90 s to come back", async () => {
    await world.db
      .updateTable("hosts")
      .set({ status: "online", last_seen_at: toTimestamp(0) })
      .execute();
    await passed(89_000);
    expect((await detail()).online).toBe(true);
    await passed(1_000);
    expect((await detail()).online).toBe(false);
  });

  test("after a restart of the server heartbeats count from the hello of their process", async () => {
    await world.db.updateTable("hosts").set({ status: "online" }).execute();
    await beat();
    expect(world.hosts.presence.epochOf(agent.hostId)).toBeNull();
    await hello();
    world.hosts.presence.forget(agent.hostId);
    await beat();
    expect(world.hosts.presence.epochOf(agent.hostId)).toBe(agent.epoch);
  });

  test("a heartbeat from before a hello does not bring the old epoch back", async () => {
    await hello({ epoch: "before-reinstall" });
    await passed(1_000);
    await sendBeat({ epoch: "before-reinstall" });
    await hello();
    await passed(1_000);
    expect(world.hosts.presence.epochOf(agent.hostId)).toBe(agent.epoch);
  });

  test("a heartbeat with an older configuration asks for it to be sent again", async () => {
    await hello();
    await world.db.updateTable("hosts").set({ cfg_rev: 3 }).execute();
    world.emitted.length = 0;
    await beat({ cfg_rev: 2 });
    await beat({ cfg_rev: 3 });
    expect(world.emitted).toEqual([
      { type: "host.outdated", hostId: agent.hostId },
    ]);
    expect(world.reconciled).toHaveLength(3);
  });

  test("a heartbeat that names another host, or none that exists, changes nothing", async () => {
    const other = createTestAgent(world.clock, 2);
    await insertTestHost(world.db, other, { name: "other" });
    await beat({ host: other.hostId });
    const stranger = createTestAgent(world.clock, 3);
    await world.bus
      .agent(stranger.hostId)
      .publish(topic.heartbeat(stranger.hostId), stranger.beat());
    await passed(1_000);
    const online = await world.db
      .selectFrom("hosts")
      .select("id")
      .where("status", "=", "online")
      .execute();
    expect(online).toEqual([]);
  });
});

describe("the clock of a host", () => {
  const shown = async () => (await detail()).clock_skew_ms;
  const told = () =>
    world.emitted.filter(({ type }) => type === "host.changed").length;

  test("is known from its heartbeats, and told again when it moves by much", async () => {
    await hello();
    await beat();
    expect(await shown()).toBe(0);
    const before = told();
    await beat({ skew_ms: 3_600_000 });
    expect(await shown()).toBe(3_600_000);
    expect(told()).toBe(before + 1);
    await beat({ skew_ms: 3_600_800 });
    expect(await shown()).toBe(3_600_800);
    expect(told()).toBe(before + 1);
  });
});
