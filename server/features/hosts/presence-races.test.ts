import { beforeEach, expect, test } from "bun:test";
import type { Heartbeat } from "@restic-manager/shared/protocol/hello.ts";
import { createTestAgent, insertTestHost } from "../../testing/test-agent.ts";
import { createTestWorld } from "../../testing/test-api.ts";
import type { TestWorld } from "../../testing/test-api.ts";
import { settle } from "../../testing/test-endpoint.ts";
import { createPresence } from "./presence.ts";
import type { Presence } from "./presence.ts";

const [one, two] = ["h0000000000000001", "h0000000000000002"];
let world: TestWorld;
let presence: Presence;
let storing: PromiseWithResolvers<void>;
let stored: PromiseWithResolvers<void>;

/** Presence whose work after it has stored two heartbeats is held at the first of them. */
beforeEach(async () => {
  world = createTestWorld();
  storing = Promise.withResolvers();
  stored = Promise.withResolvers();
  for (const number of [1, 2])
    await insertTestHost(world.db, createTestAgent(world.clock, number));
  presence = createPresence({
    ...world,
    offlineAfterMs: 90_000,
    async reconcile() {
      storing.resolve();
      await stored.promise;
    },
  });
  presence.heard(heartbeat(one));
  presence.heard(heartbeat(two));
  await world.clock.advance(2000);
  await storing.promise;
});

const heartbeat = (host: string): Heartbeat => ({
  host,
  t: new Date(world.clock.now()).toISOString(),
  instance: "instance-of-the-test",
  epoch: "before",
  cfg_rev: 0,
  outbox_depth: 0,
  running_jobs: [],
  rss: 0,
  skew_ms: 0,
});

async function goOn(): Promise<void> {
  stored.resolve();
  await settle();
}

test("a hello while an older heartbeat is being stored says which epoch is the newest [RES-07] [TST-07]", async () => {
  presence.greeted(two, "after");
  await goOn();
  expect([presence.epochOf(one), presence.epochOf(two)]).toEqual([
    "before",
    "after",
  ]);
});

test("a host that is removed while its heartbeat is being stored is not online [RES-07] [TST-07]", async () => {
  presence.forget(two);
  await goOn();
  expect([presence.isOnline(one), presence.isOnline(two)]).toEqual([
    true,
    false,
  ]);
});
