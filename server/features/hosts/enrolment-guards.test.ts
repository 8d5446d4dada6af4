import { beforeEach, describe, expect, test } from "bun:test";
import { announced } from "@restic-manager/shared/protocol/announce.ts";
import { cidr } from "../../config-values.ts";
import {
  codeOf,
  createHostsWorld,
  type HostsWorld,
} from "../../testing/hosts-world.ts";
import { createTestAgent, type TestAgent } from "../../testing/test-agent.ts";

let world: HostsWorld;
let agent: TestAgent;

beforeEach(() => {
  world = createHostsWorld();
  agent = createTestAgent(world.clock, 1);
});

describe("guards", () => {
  test("a flood of 1,000 announcements from 20 addresses leaves at most 100 rows, gone after two minutes [ENR-07]", async () => {
    world = createHostsWorld({
      config: { trustedProxy: [cidr.parse("203.0.113.5")] },
    });
    const stop = world.hosts.start();
    const codes = new Map<string, number>();
    for (let i = 0; i < 1000; i++) {
      const flooder = createTestAgent(world.clock, i % 250);
      const key = Buffer.alloc(32, i % 250).toString("base64url");
      const over = { hostname: `host-${i}`, x25519: key };
      const response = await world.agents.announce(flooder, over, {
        "X-Forwarded-For": `198.51.100.${i % 20}`,
      });
      const code = response.ok ? "200" : await codeOf(response);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes.get("429 rate_limited")).toBe(800);
    expect(codes.get("503 pending_full")).toBe(100);
    expect(await world.pendingRows()).toBe(100);
    await world.clock.advance(3 * 60_000);
    expect(await world.pendingRows()).toBe(0);
    stop();
  });

  test("only an announcement whose key was proved waits longer than two minutes", async () => {
    const stop = world.hosts.start();
    const proved = await world.agents.join(2);
    await world.agents.announce(agent);
    await world.clock.advance(25_000);
    await proved.waiting;
    await world.clock.advance(60_000);
    expect(await world.pendingRows()).toBe(2);
    await world.agents.announce(agent);
    await world.clock.advance(90_000);
    expect(await world.pendingRows()).toBe(2);
    await world.clock.advance(90_000);
    expect(await world.people.waiting()).toMatchObject([
      { fingerprint: proved.agent.fingerprint },
    ]);
    expect(await world.pendingRows()).toBe(1);
    stop();
  });

  test("a poll that ends late leaves the nonce of a newer announcement alone", async () => {
    const { agent: restarted, waiting: old } = await world.agents.join(1);
    const response = await world.agents.announce(restarted);
    const again = announced.parse(await response.json());
    await world.clock.advance(25_000);
    await old;
    const { waiting: poll } = await world.agents.startWait(restarted, again);
    await world.clock.advance(25_000);
    expect((await poll).status).toBe(200);
  });

  test("a server that stops sends waiting agents away, to come back to the next one", async () => {
    const stop = world.hosts.start();
    const { agent: waiter, waiting: poll } = await world.agents.join(1);
    stop();
    expect(await codeOf(poll)).toBe("503 starting");
    const again = announced.parse(
      await (await world.agents.announce(waiter)).json(),
    );
    expect(await codeOf(world.agents.wait(waiter, again))).toBe("503 starting");
  });

  test("an address may announce ten times a minute", async () => {
    const announceOnce = async () =>
      (await world.agents.announce(agent)).status;
    for (let i = 0; i < 10; i++) expect(await announceOnce()).toBe(200);
    expect(await announceOnce()).toBe(429);
    await world.clock.advance(6_000);
    expect(await announceOnce()).toBe(200);
    expect(await announceOnce()).toBe(429);
  });

  test("a page that waits hears when an announcement expires", async () => {
    const stop = world.hosts.start();
    const { waiting: poll } = await world.agents.join(1);
    await world.clock.advance(25_000);
    await poll;
    world.emitted.length = 0;
    await world.clock.advance(3_600_000);
    expect(world.emitted).toContainEqual({ type: "pending.changed" });
    expect(await world.people.waiting()).toEqual([]);
    stop();
  });

  test("two hosts of one name are both flagged, and accepting one keeps the other [ENR-08]", async () => {
    const first = await world.agents.join(1);
    const second = await world.agents.join(2, { hostname: "NAS" });
    expect(second.announced.hostname_collision).toBe(true);
    expect((await world.people.waiting()).map((row) => row.collision)).toEqual([
      "pending",
      "pending",
    ]);
    await world.people.accept(first.agent, first.announced);
    expect(await world.people.waiting()).toMatchObject([
      { fingerprint: second.agent.fingerprint, collision: "host" },
    ]);
    const response = await world.people.accept(second.agent, second.announced);
    expect(await response.json()).toMatchObject({
      name: "NAS-2",
      hostname: "NAS",
    });
    await Promise.all([first.waiting, second.waiting]);
  });

  test("an agent that hangs up is not waited for", async () => {
    const response = await world.agents.announce(agent);
    const { nonce, pending_id } = announced.parse(await response.json());
    const body = agent.signed("rm-proof-v1", {
      pending_id,
      nonce,
      server_key: world.identity.publicKeyText,
      challenge: "challenge-16-long",
    });
    const hangUp = new AbortController();
    const before = world.clock.pending();
    const poll = world.request(`/api/agents/announce/${pending_id}/wait`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal: hangUp.signal,
    });
    while (world.clock.pending() === before)
      await new Promise((resolve) => setImmediate(resolve));
    hangUp.abort();
    await poll;
    expect(world.clock.pending()).toBe(before);
  });
});
