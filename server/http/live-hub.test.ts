import { beforeEach, expect, test } from "bun:test";
import type { LiveEvent } from "@restic-manager/shared/api/live.ts";
import {
  createManualClock,
  type ManualClock,
} from "@restic-manager/shared/testing/manual-clock.ts";
import { createLiveHub, type LiveHub, type LiveMessage } from "./live-hub.ts";

let clock: ManualClock;
let hub: LiveHub;

beforeEach(() => {
  clock = createManualClock();
  hub = createLiveHub(clock, "b007");
});

function event(name: string): LiveEvent {
  return { type: "snapshots.changed", repository_id: name, host_ids: [] };
}

function names(messages: readonly LiveMessage[]): string[] {
  return messages.map(({ json }) => JSON.parse(json).repository_id as string);
}

/** Subscribes and collects; `since` is a position of this start. */
function listen(topic: Parameters<LiveHub["subscribe"]>[0], since?: number) {
  const received: LiveMessage[] = [];
  const at = since === undefined ? undefined : { boot: hub.boot, s: since };
  const subscription = hub.subscribe(topic, at, (m) => received.push(m));
  return { ...subscription, received };
}

test("a listener hears what is published on its topic after it came", () => {
  hub.publish("fleet", event("before"));
  const one = listen("fleet");
  const two = listen("fleet");
  const job = listen("job:x");
  hub.publish("fleet", event("a"));
  one.end();
  hub.publish("fleet", event("b"));
  expect(names(one.received)).toEqual(["a"]);
  expect(names(two.received)).toEqual(["a", "b"]);
  expect(job.received).toEqual([]);
});

test("whoever comes back goes on exactly where it was [SSE-04]", () => {
  const first = listen("fleet");
  for (const name of ["a", "b"]) hub.publish("fleet", event(name));
  first.end();
  for (const name of ["c", "d"]) hub.publish("fleet", event(name));
  const seen = first.received.at(-1)?.s;
  const back = listen("fleet", seen);
  expect(back).toMatchObject({ s: seen, reset: false });
  hub.publish("fleet", event("e"));
  expect(names([...back.missed, ...back.received])).toEqual(["c", "d", "e"]);
});

test("a position of another start of the server, or of the future, starts again", () => {
  listen("fleet");
  hub.publish("fleet", event("a"));
  const other = hub.subscribe("fleet", { boot: "0ld", s: 0 }, () => {});
  expect(other).toMatchObject({ s: 1, reset: true, missed: [] });
  expect(listen("fleet", 99)).toMatchObject({ s: 1, reset: true });
});

test("too far back starts again: only the last 1,000 events of the fleet are kept", () => {
  listen("fleet");
  for (let i = 1; i <= 1001; i++) hub.publish("fleet", event(String(i)));
  expect(listen("fleet", 0).reset).toBe(true);
  const back = listen("fleet", 1);
  expect(back.reset).toBe(false);
  expect(back.missed).toHaveLength(1000);
});

test("what is kept is bounded in bytes too", () => {
  listen("job:x");
  for (let i = 0; i < 100; i++)
    hub.publish("job:x", event("x".repeat(100_000)));
  const kept = listen("job:x", 90).missed;
  expect(kept).toHaveLength(10);
  expect(listen("job:x", 10).reset).toBe(true);
});

test("what is older than ten minutes cannot be resumed", async () => {
  listen("fleet");
  hub.publish("fleet", event("a"));
  await clock.advance(10 * 60_000 + 1);
  hub.publish("fleet", event("b"));
  expect(listen("fleet", 0).reset).toBe(true);
  expect(names(listen("fleet", 1).missed)).toEqual(["b"]);
});

test("a topic is wanted while somebody listens, and for ten minutes after", async () => {
  expect(hub.wants("fleet")).toBe(false);
  const { end } = listen("fleet");
  await clock.advance(60 * 60_000);
  expect(hub.wants("fleet")).toBe(true);
  end();
  await clock.advance(10 * 60_000);
  expect(hub.wants("fleet")).toBe(true);
  await clock.advance(1);
  expect(hub.wants("fleet")).toBe(false);
});
