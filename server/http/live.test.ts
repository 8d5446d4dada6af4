import { afterEach, describe, expect, test } from "bun:test";
import {
  liveFrame,
  type LiveEvent,
  type LiveFrame,
} from "@restic-manager/shared/api/live.ts";
import type { Events } from "../events.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { createLive } from "./live.ts";
import { createLiveHub } from "./live-hub.ts";
import { createLiveOutbox } from "./live-socket.ts";
import { createWatchSession } from "./session-watch.ts";
import { startListener, type HttpListener } from "./listener.ts";

const jobId = "01JDZ0000000000000000000AA";
const brokenJobId = "01JDZ0000000000000000000ZZ";
let listener: HttpListener | undefined;
afterEach(() => listener?.cut());

function start() {
  const world = createTestWorld();
  const hub = createLiveHub(world.clock, "b007");
  let listening = 0;
  const events: Events = {
    emit: world.events.emit,
    on(listen) {
      listening += 1;
      const stop = world.events.on(listen);
      return () => {
        listening -= 1;
        stop();
      };
    },
  };
  const live = createLive({
    ...world,
    hub,
    watchSession: createWatchSession({ ...world, ...world.auth, events }),
    async jobExists(id) {
      if (id === brokenJobId) throw new Error("broken");
      return id === jobId;
    },
  });
  const api = createTestApi(world, live);
  return { ...world, ...api, hub, live, open: () => listening };
}

const changed = (name: string): LiveEvent => ({
  type: "snapshots.changed",
  repository_id: name,
  host_ids: [],
});

/** Waits until something real has happened; fails after two seconds. */
async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 2000;
  while (!condition()) {
    if (Date.now() > end) throw new Error("It did not happen in time.");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the WebSocket", () => {
  async function connect(world: ReturnType<typeof start>) {
    const headers = await world.as("viewer");
    listener = startListener({ hostname: "127.0.0.1", port: 0 }, world.app);
    const url = `ws://127.0.0.1:${listener.port}/api/live`;
    const socket = new WebSocket(url, { headers });
    const frames: LiveFrame[] = [];
    let closed = 0;
    socket.addEventListener("message", ({ data }) =>
      frames.push(liveFrame.parse(JSON.parse(String(data)))),
    );
    socket.addEventListener("close", ({ code }) => (closed = code));
    await until(() => frames.length === 1);
    return {
      headers,
      frames,
      closed: () => closed,
      socket,
      async ask(request: object, answers = 1) {
        const count = frames.length + answers;
        socket.send(JSON.stringify(request));
        await until(() => frames.length >= count);
        return frames.slice(-answers);
      },
    };
  }

  test("subscribes, hears, unsubscribes, resumes [SSE-02]", async () => {
    const world = start();
    const browser = await connect(world);
    expect(browser.frames).toEqual([{ f: "hello", boot: "b007" }]);
    expect(await browser.ask({ op: "sub", topic: "fleet" })).toEqual([
      { f: "sub", topic: "fleet", s: 0, reset: false },
    ]);
    world.hub.publish("fleet", changed("a"));
    await until(() => browser.frames.length === 3);
    expect(browser.frames[2]).toEqual({
      f: "event",
      topic: "fleet",
      s: 1,
      e: changed("a"),
    });
    browser.socket.send(JSON.stringify({ op: "unsub", topic: "fleet" }));
    expect(await browser.ask({ op: "ping" })).toEqual([{ f: "pong" }]);
    world.hub.publish("fleet", changed("b"));
    const since = { boot: "b007", s: 1 };
    const sub = { op: "sub", topic: "fleet", since };
    expect(await browser.ask(sub, 2)).toEqual([
      { f: "sub", topic: "fleet", s: 1, reset: false },
      { f: "event", topic: "fleet", s: 2, e: changed("b") },
    ]);
    const old = { ...sub, since: { boot: "0ld", s: 1 } };
    expect(await browser.ask(old)).toMatchObject([{ s: 2, reset: true }]);
  });

  test("a job that does not exist, another topic and nonsense are answered with an error", async () => {
    const browser = await connect(start());
    for (const topic of ["job:01JDZ0000000000000000000BB", "job:x"])
      expect(await browser.ask({ op: "sub", topic })).toMatchObject([
        { f: "error", code: "job_not_found" },
      ]);
    for (const request of [
      { op: "sub", topic: "everything" },
      { op: "shout" },
    ]) {
      expect(await browser.ask(request)).toMatchObject([
        { f: "error", code: "invalid_request" },
      ]);
    }
    const known = { op: "sub", topic: `job:${jobId}` };
    expect(await browser.ask(known)).toMatchObject([{ f: "sub" }]);
  });

  test("a request that cannot be answered is told by an id that the log has too, before the connection ends [SSE-05]", async () => {
    const world = start();
    const browser = await connect(world);
    const asked = { op: "sub", topic: `job:${brokenJobId}` };
    const [told] = await browser.ask(asked);
    if (told?.f !== "error") throw new Error("no error frame");
    expect(told.code).toBe("internal");
    expect(told.request_id).not.toBe("");
    expect(world.logLines.join("")).toContain(told.request_id);
    await until(() => browser.closed() === 1011);
  });

  test("closes when its session ends, and holds nothing afterwards", async () => {
    const world = start();
    const browser = await connect(world);
    await browser.ask({ op: "sub", topic: "fleet" });
    expect(world.open()).toBe(1);
    await world.send("POST", "/api/auth/logout", {}, browser.headers);
    await until(() => browser.closed() !== 0);
    expect(browser.closed()).toBe(1008);
    await until(() => world.open() === 0);
  });

  test("closes within a minute when the session ended behind its back", async () => {
    const world = start();
    const browser = await connect(world);
    await world.db.deleteFrom("sessions").execute();
    await world.clock.advance(60_000);
    await until(() => browser.closed() === 1008);
  });

  test("closes within a minute when its user is disabled, and stays for one who may still look [RBC-06]", async () => {
    const world = start();
    const browser = await connect(world);
    await world.db.updateTable("users").set({ role: "operator" }).execute();
    await world.clock.advance(60_000);
    expect(await browser.ask({ op: "ping" })).toEqual([{ f: "pong" }]);
    const disabled_at = "2026-01-01T00:00:00.000Z";
    await world.db.updateTable("users").set({ disabled_at }).execute();
    await world.clock.advance(60_000);
    await until(() => browser.closed() === 1008);
  });

  test("needs a login", async () => {
    const { request } = start();
    const headers = { Upgrade: "websocket" };
    expect((await request("/api/live", { headers })).status).toBe(401);
  });
});

describe("a browser that does not keep up", () => {
  test("delays nobody, loses its frames, and is told to fetch again", () => {
    const { hub } = start();
    const sent: LiveFrame[] = [];
    let isFull = false;
    const outbox = createLiveOutbox(
      {
        send(text) {
          if (typeof text === "string") sent.push(JSON.parse(text));
          return isFull ? -1 : 1;
        },
      },
      hub,
    );
    outbox.subscribe("fleet", undefined);
    isFull = true;
    for (let i = 0; i < 1000; i++) hub.publish("fleet", changed(String(i)));
    expect(sent).toHaveLength(2);
    isFull = false;
    outbox.drained();
    expect(sent.at(-1)).toEqual({
      f: "sub",
      topic: "fleet",
      s: 1000,
      reset: true,
    });
    hub.publish("fleet", changed("after"));
    expect(sent.at(-1)).toMatchObject({ f: "event", s: 1001 });
  });

  test("loses nothing as long as 64 frames are enough", () => {
    const { hub } = start();
    const sent: LiveFrame[] = [];
    let isFull = true;
    const outbox = createLiveOutbox(
      {
        send(text) {
          if (typeof text === "string") sent.push(JSON.parse(text));
          return isFull ? -1 : 1;
        },
      },
      hub,
    );
    outbox.subscribe("fleet", undefined);
    for (let i = 0; i < 64; i++) hub.publish("fleet", changed(String(i)));
    isFull = false;
    outbox.drained();
    const positions = sent.map((frame) => ("s" in frame ? frame.s : null));
    expect(positions).toEqual(Array.from({ length: 65 }, (_, i) => i));
  });
});

describe("Server-Sent Events", () => {
  async function open(
    world: ReturnType<typeof start>,
    path: string,
    over: Record<string, string> = {},
  ) {
    const headers = { ...(await world.as("viewer")), ...over };
    const leave = new AbortController();
    const { signal } = leave;
    const response = await world.request(path, { headers, signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream());
    let text = "";
    let isOver = false;
    const reading = (async () => {
      for await (const chunk of reader ?? []) text += chunk;
    })().finally(() => (isOver = true));
    reading.catch(() => {});
    const read = async (part: string) => {
      await until(() => text.includes(part));
      return text;
    };
    return { response, read, leave, isOver: () => isOver };
  }

  test("begin with the position and carry ids that resume", async () => {
    const world = start();
    const first = await open(world, "/api/events");
    expect(first.response.headers.get("content-type")).toContain(
      "text/event-stream",
    );
    expect(first.response.headers.get("x-accel-buffering")).toBe("no");
    world.hub.publish("fleet", changed("a"));
    expect(await first.read('"a"')).toBe(
      `id: b007-0\nevent: sub\ndata: {"s":0,"reset":false}\n\n` +
        `id: b007-1\ndata: ${JSON.stringify(changed("a"))}\n\n`,
    );
    world.hub.publish("fleet", changed("b"));
    const again = await open(world, "/api/events", {
      "Last-Event-ID": "b007-1",
    });
    expect(await again.read('"b"')).toBe(
      `id: b007-1\nevent: sub\ndata: {"s":1,"reset":false}\n\n` +
        `id: b007-2\ndata: ${JSON.stringify(changed("b"))}\n\n`,
    );
    const stale = await open(world, "/api/events", { "Last-Event-ID": "0-1" });
    expect(await stale.read("reset")).toContain('{"s":2,"reset":true}');
    world.live.endStreams();
    await until(() => first.isOver() && again.isOver() && stale.isOver());
    expect(world.open()).toBe(0);
  });

  test("stay open by a comment every 15 s", async () => {
    const world = start();
    const { read, leave } = await open(world, "/api/events");
    await world.clock.advance(15_000);
    await read("\n\n: \n\n");
    leave.abort();
  });

  test("of a job carry that job only, and an unknown job is a 404", async () => {
    const world = start();
    const { read, leave } = await open(world, `/api/jobs/${jobId}/stream`);
    world.hub.publish("fleet", changed("fleet"));
    world.hub.publish(`job:${jobId}`, changed("job"));
    expect(await read('"job"')).not.toContain('"fleet"');
    leave.abort();
    const unknown = "/api/jobs/01JDZ0000000000000000000BB/stream";
    expect((await open(world, unknown)).response.status).toBe(404);
  });

  test("are freed when the client leaves, and end with the session", async () => {
    const world = start();
    const left = await open(world, "/api/events");
    expect(world.open()).toBe(1);
    left.leave.abort();
    await until(() => world.open() === 0);
    const ended = await open(world, "/api/events");
    await world.db.deleteFrom("sessions").execute();
    await world.clock.advance(60_000);
    await until(ended.isOver);
    expect(world.open()).toBe(0);
    expect(world.clock.pending()).toBe(0);
  });

  test("cut a client that does not read, without waiting for it", async () => {
    const world = start();
    const headers = await world.as("viewer");
    await world.request("/api/events", { headers });
    for (let i = 0; i < 100; i++) world.hub.publish("fleet", changed("x"));
    expect(world.open()).toBe(0);
  });
});
