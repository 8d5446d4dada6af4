import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import { expect, test } from "bun:test";
import { atom } from "nanostores";
import { unreachable } from "./api-error.ts";
import type { Live, LiveListener, LiveStatus } from "./live.ts";
import { createResource, type Loadable } from "./resource.ts";

interface Stage {
  readonly live: Live;
  readonly listeners: Set<LiveListener>;
}

function stage(): Stage {
  const listeners = new Set<LiveListener>();
  const live: Live = {
    status: atom<LiveStatus>({ state: "live" }),
    fault: atom(null),
    forgetFault() {},
    start() {},
    stop() {},
    retry() {},
    listen(_topic: LiveTopic, listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { live, listeners };
}

/** A fetch whose answers the test gives. */
function answers<T>() {
  const waiting: {
    resolve: (value: T) => void;
    reject: (error: unknown) => void;
  }[] = [];
  return {
    load: () =>
      new Promise<T>((resolve, reject) => waiting.push({ resolve, reject })),
    get asked() {
      return waiting.length;
    },
    next: () => waiting.shift()!,
  };
}

function named(message: string): LiveEvent {
  return { type: "error", code: "named", message, request_id: "" };
}

function watched(
  listen: (value: Loadable<string>) => void,
  { live, fetch }: { live: Live; fetch: ReturnType<typeof answers<string>> },
) {
  const resource = createResource<string>({
    live,
    load: fetch.load,
    apply: (_value, event) =>
      event.type === "error"
        ? event.message === "reload"
          ? "reload"
          : event.message
        : _value,
  });
  resource.listen(listen);
  return resource;
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what is fetched is shown, and a live event changes it", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  const seen: Loadable<string>[] = [];
  watched((value) => seen.push(value), { live, fetch });
  fetch.next().resolve("first");
  await settled();
  for (const { onEvent } of listeners) onEvent(named("second"));
  expect(seen).toEqual([
    { state: "ready", value: "first" },
    { state: "ready", value: "second" },
  ]);
});

test("an event heard while a fetch is under way is not lost to an older answer", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  const resource = watched(() => {}, { live, fetch });
  for (const { onEvent } of listeners) onEvent(named("newer"));
  fetch.next().resolve("older");
  await settled();
  expect(resource.get()).toEqual({ state: "ready", value: "newer" });
});

test("a reset fetches again and keeps what is shown meanwhile, also when that fails [SSE-03]", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  const resource = watched(() => {}, { live, fetch });
  fetch.next().resolve("shown");
  await settled();
  for (const { onReset } of listeners) onReset();
  expect(resource.get()).toEqual({ state: "ready", value: "shown" });
  fetch.next().reject(unreachable());
  await settled();
  expect(resource.get()).toEqual({ state: "ready", value: "shown" });
});

test("only the newest of two fetches counts", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  const resource = watched(() => {}, { live, fetch });
  for (const { onReset } of listeners) onReset();
  const [old, young] = [fetch.next(), fetch.next()];
  young.resolve("young");
  await settled();
  old.resolve("old");
  await settled();
  expect(resource.get()).toEqual({ state: "ready", value: "young" });
});

test("an event may ask for a fetch", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  watched(() => {}, { live, fetch });
  fetch.next().resolve("shown");
  await settled();
  for (const { onEvent } of listeners) onEvent(named("reload"));
  expect(fetch.asked).toBe(1);
});

test("a first fetch that fails says why", async () => {
  const { live } = stage();
  const fetch = answers<string>();
  const resource = watched(() => {}, { live, fetch });
  fetch.next().reject(unreachable());
  await settled();
  expect(resource.get()).toMatchObject({
    state: "failed",
    error: { code: "unreachable" },
  });
});
