import { beforeEach, expect, test } from "bun:test";
import {
  pattern,
  topic,
  type Subject,
} from "@restic-manager/shared/protocol/topic.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createMemoryBus, type MemoryBus } from "../adapters/memory-bus.ts";
import type { Bus } from "../ports/bus.ts";
import { createTestLog } from "../testing/test-log.ts";
import { guardBus } from "./guard.ts";

const loud = "hloud00000000";
const quiet = "hquiet0000000";

let clock: ReturnType<typeof createManualClock>;
let log: ReturnType<typeof createTestLog>;
let raw: MemoryBus;
let bus: Bus;

beforeEach(() => {
  clock = createManualClock();
  log = createTestLog();
  raw = createMemoryBus({ clock });
  bus = guardBus(raw, { clock, log });
  bus.start();
});

function send(hostId: string, count: number, subject: Subject): Promise<void> {
  const one = () => raw.agent(hostId).publish(subject, "{}");
  return Array.from({ length: count }).reduce<Promise<void>>(
    (before) => before.then(one),
    Promise.resolve(),
  );
}

test("10,000 messages of one host in a second are dropped but for some, and the heartbeats of others are heard [TRN-10]", async () => {
  const heard: string[] = [];
  bus.subscribe(pattern.heartbeats, ({ hostId }) => void heard.push(hostId));
  const of = (hostId: string) => heard.filter((id) => id === hostId).length;
  for (let second = 0; second < 10; second++) {
    await send(loud, 10_000, topic.heartbeat(loud));
    await send(quiet, 1, topic.heartbeat(quiet));
    await clock.advance(1000);
  }
  expect(of(quiet)).toBe(10);
  expect(of(loud)).toBe(50 + 9 * 10);
  expect(log.entries).toHaveLength(1);
});

test("a burst is logged when it begins, and how much was dropped when it is over [TRN-10]", async () => {
  bus.subscribe(pattern.heartbeats, () => {});
  await send(loud, 80, topic.heartbeat(loud));
  await clock.advance(60_000);
  await send(loud, 1, topic.heartbeat(loud));
  expect(log.entries.map(({ fields }) => fields.count)).toEqual([
    undefined,
    30,
  ]);
});

test("lanes are measured one by one: progress takes no room from a request [TRN-10]", async () => {
  bus.subscribe(pattern.live, () => {});
  bus.serve(pattern.requests, async () => "answer");
  await send(loud, 1000, topic.live(loud, "job"));
  const ask = () => raw.agent(loud).request(topic.request(loud, "hello"), "{}");
  expect(await ask()).toBe("answer");
  for (let i = 0; i < 100; i++) await ask();
  expect(await ask()).toBe(null);
  await clock.advance(1000);
  expect(await ask()).toBe("answer");
});

test("results and logs are not dropped, however many come [TRN-10]", async () => {
  const seen = new Set<string>();
  bus.ingest("events", async (messages) => {
    for (const { text } of messages) seen.add(text);
  });
  for (let i = 0; i < 1000; i++)
    await raw.agent(loud).publish(topic.event(loud, "job.done"), `${i}`);
  await clock.advance(0);
  expect(seen.size).toBe(1000);
});
