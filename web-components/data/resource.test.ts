import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import { expect, test } from "bun:test";
import { atom } from "nanostores";
import { ApiError, unreachable } from "./api-error.ts";
import type { Live, LiveListener, LiveStatus } from "./live.ts";
import { paged } from "./paged.ts";
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

function answered404(code: string): ApiError {
  return new ApiError(404, { code, message: "Not here.", request_id: "" });
}

test("what is not there any more is not shown any more, and a proxy that knows no such address changes nothing", async () => {
  const { live, listeners } = stage();
  const fetch = answers<string>();
  const resource = watched(() => {}, { live, fetch });
  fetch.next().resolve("shown");
  await settled();
  for (const code of ["unexpected_answer", "not_found"]) {
    for (const { onReset } of listeners) onReset();
    fetch.next().reject(answered404(code));
    await settled();
    expect(resource.get()).toEqual({ state: "ready", value: "shown" });
  }
  for (const { onEvent } of listeners) onEvent(named("reload"));
  fetch.next().reject(answered404("repository_not_found"));
  await settled();
  expect(resource.get()).toMatchObject({
    state: "failed",
    error: { code: "repository_not_found" },
  });
});

interface Rows {
  readonly rows: readonly string[];
  readonly next_cursor: string | null;
}

/** A list of two rows and the older ones that are asked for; an event ends a row: `ends b`. */
async function list() {
  const { live, listeners } = stage();
  const first = answers<Rows>();
  const older = answers<Rows>();
  const resource = paged(
    createResource<Rows>({
      live,
      load: first.load,
      apply: (value, event) =>
        event.type === "error"
          ? {
              ...value,
              rows: value.rows.map((row) =>
                event.message === `ends ${row}` ? `${row} ended` : row,
              ),
            }
          : value,
    }),
    older.load,
    ({ rows }, page) => ({ ...page, rows: [...rows, ...page.rows] }),
  );
  resource.listen(() => {});
  first.next().resolve({ rows: ["a", "b"], next_cursor: "b" });
  await settled();
  return {
    resource,
    first,
    older,
    say(message: string) {
      for (const { onEvent } of listeners) onEvent(named(message));
    },
  };
}

test("what happens to a list while older ones are fetched is not undone by them", async () => {
  const { resource, older, say } = await list();
  const shown = resource.more();
  say("ends a");
  say("ends c");
  older.next().resolve({ rows: ["c"], next_cursor: null });
  await shown;
  expect(resource.get()).toEqual({
    state: "ready",
    value: { rows: ["a ended", "b", "c ended"], next_cursor: null },
  });
});

test("older ones that do not follow any more on what is shown are left out, and so are those asked for twice", async () => {
  const { resource, first, older } = await list();
  const late = resource.more();
  const reloaded = resource.reload();
  const fresh = { rows: ["new", "a"], next_cursor: "a" };
  first.next().resolve(fresh);
  await reloaded;
  older.next().resolve({ rows: ["c"], next_cursor: null });
  await late;
  expect(resource.get()).toEqual({ state: "ready", value: fresh });

  const twice = [resource.more(), resource.more()];
  for (let n = 0; n < 2; n += 1)
    older.next().resolve({ rows: ["b"], next_cursor: "b" });
  await Promise.all(twice);
  expect(resource.get()).toEqual({
    state: "ready",
    value: { rows: ["new", "a", "b"], next_cursor: "b" },
  });
});
