import type { LiveRequest } from "@restic-manager/shared/api/live.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { expect, test } from "bun:test";
import { createLive } from "./live.ts";
import type { LinkListener, OpenLink } from "./live-link.ts";

/** Links that the test opens, answers and cuts. */
function stage() {
  const clock = createManualClock();
  const opened: { way: string; heard: LinkListener; sent: LiveRequest[] }[] =
    [];
  const way =
    (name: string): OpenLink =>
    (heard) => {
      const sent: LiveRequest[] = [];
      opened.push({ way: name, heard, sent });
      return { send: (request) => sent.push(request), close() {} };
    };
  const live = createLive({
    webSocket: way("socket"),
    eventStream: way("stream"),
    clock,
    random: () => 0.5,
    onLost() {},
  });
  const states: string[] = [];
  live.status.listen(({ state }) => states.push(state));
  live.start();
  return {
    clock,
    live,
    states,
    ways: () => opened.map((link) => link.way),
    latest: () => opened.at(-1)!,
    hello: () => opened.at(-1)!.heard.onFrame({ f: "hello", boot: "b" }),
    lose: () => opened.at(-1)!.heard.onLost(),
  };
}

test("where no WebSocket comes about the events come as a stream, at once and without a word of a lost server", () => {
  const { states, ways, hello, lose } = stage();
  lose();
  hello();
  expect(ways()).toEqual(["socket", "stream"]);
  expect(states).toEqual(["connecting", "live"]);
});

test("a WebSocket that nobody answers is given up", async () => {
  const { clock, ways } = stage();
  await clock.advance(10_000);
  expect(ways()).toEqual(["socket", "stream"]);
});

test("a server that is gone is told as such, and both ways are tried until one works [SSE-03]", async () => {
  const { clock, states, ways, hello, lose } = stage();
  lose();
  lose();
  expect(states.at(-1)).toBe("reconnecting");
  await clock.advance(30_000);
  expect(ways().slice(0, 3)).toEqual(["socket", "stream", "socket"]);
  hello();
  expect(states.at(-1)).toBe("live");
});

test("a stream that was live and is lost is told, and comes back as a stream [SSE-03]", () => {
  const { states, ways, hello, lose } = stage();
  lose();
  hello();
  lose();
  expect(states.at(-1)).toBe("reconnecting");
  hello();
  expect(states.at(-1)).toBe("live");
  expect(ways()).toEqual(["socket", "stream", "stream"]);
});

test("where a WebSocket has worked it is what comes back [SSE-03]", async () => {
  const { clock, ways, hello, lose } = stage();
  hello();
  lose();
  await clock.advance(30_000);
  expect(new Set(ways())).toEqual(new Set(["socket"]));
});

test("a stream that goes on failing is told every time, and fetched again once in ten seconds [SSE-05]", async () => {
  const { clock, live, latest, hello } = stage();
  let resets = 0;
  live.listen("fleet", { onEvent() {}, onReset: () => (resets += 1) });
  hello();
  const fail = (request_id: string) =>
    latest().heard.onFrame({
      f: "event",
      topic: "fleet",
      s: 1,
      e: { type: "error", code: "internal", message: "Broken.", request_id },
    });
  fail("one");
  fail("two");
  expect(live.fault.get()).toEqual({
    code: "internal",
    message: "Broken.",
    requestId: "two",
  });
  expect(resets).toBe(1);
  await clock.advance(10_000);
  fail("three");
  expect(resets).toBe(2);
});
