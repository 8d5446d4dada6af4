import { beforeEach, describe, expect, test } from "bun:test";
import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { LiveEvent, LiveTopic } from "@restic-manager/shared/api/live.ts";
import type {
  JobProgress,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import { createTestWorld, type TestWorld } from "../testing/test-api.ts";
import { startLiveFeed, type LiveViews } from "./live-feed.ts";
import { createLiveHub, type LiveHub } from "./live-hub.ts";

let world: TestWorld;
let hub: LiveHub;
let reads: string[];
let views: LiveViews;

beforeEach(() => {
  world = createTestWorld();
  hub = createLiveHub(world.clock, "b007");
  reads = [];
  views = {
    async hosts(ids) {
      reads.push(`hosts ${ids.length}`);
      return ids.map((id) => ({ id }) as HostRow);
    },
    revisions: async (ids) =>
      ids.map((id) => ({ id, cfg_rev: 2, applied_cfg_rev: 1 })),
    pending: async () => [],
    async summary() {
      reads.push("summary");
      return { total: 1 } as Awaited<ReturnType<LiveViews["summary"]>>;
    },
    job: async (id) =>
      ({ id }) as NonNullable<Awaited<ReturnType<LiveViews["job"]>>>,
    alert: async () => null,
    alertCounts: async () => ({
      open: 0,
      acknowledged: 0,
      critical: 0,
      last_resolved_at: null,
    }),
    repository: async () => null,
    hostsOfRepository: async () => ["h1"],
  };
  startLiveFeed({ ...world, hub, views });
});

function listen(topic: LiveTopic): LiveEvent[] {
  const events: LiveEvent[] = [];
  hub.subscribe(topic, undefined, ({ json }) => events.push(JSON.parse(json)));
  return events;
}

function types(events: readonly LiveEvent[]): string[] {
  return events.map((event) => event.type);
}

const passed = (ms: number) => world.clock.advance(ms);

describe("the fleet", () => {
  test("a change is told at once, further ones four times a second, however many there are [SSE-02]", async () => {
    const events = listen("fleet");
    const change = () =>
      world.events.emit({ type: "host.changed", hostId: "h1" });
    const hosts = () =>
      events.filter((event) => event.type === "host.changed").length;
    change();
    await passed(0);
    expect(hosts()).toBe(1);
    for (let ms = 0; ms < 1000; ms += 10) {
      change();
      await passed(10);
    }
    expect(hosts()).toBe(5);
    await passed(10_000);
    expect(hosts()).toBe(5);
  });

  test("many hosts that change together are read together", async () => {
    listen("fleet");
    for (let i = 0; i < 1200; i++)
      world.events.emit({ type: "host.changed", hostId: `h${i}` });
    await passed(250);
    expect(reads.filter((read) => read.startsWith("hosts"))).toEqual([
      "hosts 1",
      "hosts 500",
      "hosts 500",
      "hosts 199",
    ]);
  });

  test("the summary follows hosts, jobs and snapshots, once a second", async () => {
    const events = listen("fleet");
    for (let ms = 0; ms < 2000; ms += 100) {
      world.events.emit({ type: "host.changed", hostId: "h1" });
      world.events.emit({ type: "job.changed", jobId: "j", hostId: "h1" });
      await passed(100);
    }
    const summaries = types(events).filter((t) => t === "summary.changed");
    expect(summaries).toHaveLength(3);
  });

  test("every other change is told with what a page needs to show it", async () => {
    const events = listen("fleet");
    world.events.emit({ type: "pending.changed" });
    world.events.emit({ type: "host.configured", hostId: "h1" });
    world.events.emit({ type: "snapshots.changed", repositoryId: "r1" });
    world.events.emit({ type: "repository.changed", repositoryId: "gone" });
    await passed(0);
    expect(events).toEqual([
      { type: "pending.changed", pending: [] },
      { type: "host.config", host_id: "h1", cfg_rev: 2, applied_cfg_rev: 1 },
      { type: "snapshots.changed", repository_id: "r1", host_ids: ["h1"] },
      expect.objectContaining({ type: "summary.changed" }),
    ]);
  });

  test("a removed host is told at once, by its id [ENR-13]", async () => {
    const events = listen("fleet");
    world.events.emit({ type: "host.removed", hostId: "h1" });
    expect(events).toEqual([{ type: "host.removed", host_id: "h1" }]);
    await passed(0);
    expect(types(events)).toEqual(["host.removed", "summary.changed"]);
  });

  test("while nobody listens nothing is read", async () => {
    world.events.emit({ type: "host.changed", hostId: "h1" });
    world.events.emit({ type: "job.changed", jobId: "j1", hostId: "h1" });
    await passed(1000);
    expect(reads).toEqual([]);
  });

  test("a stream that cannot be read says so, by an id that the log has too [SSE-05]", async () => {
    const events = listen("fleet");
    views.hosts = () => Promise.reject(new Error("broken"));
    world.events.emit({ type: "host.changed", hostId: "h1" });
    await passed(0);
    const told = events.find((event) => event.type === "error");
    if (told?.type !== "error") throw new Error("no error event");
    expect(told.code).toBe("internal");
    expect(world.logLines.join("")).toContain(told.request_id);
  });
});

describe("a job", () => {
  const progress = (percent: number) => ({ percent }) as JobProgress;
  const line = (n: number, l = "x"): LogLine => ({
    n,
    t: "2026-01-01T00:00:00.000Z",
    s: "stdout",
    l,
    k: "info",
  });
  const lineNumbers = (events: readonly LiveEvent[]) =>
    events.flatMap((event) =>
      event.type === "job.log" ? event.lines.map((l) => l.n) : [],
    );

  test("its state goes to its page and to the fleet", async () => {
    const fleet = listen("fleet");
    const job = listen("job:j1");
    world.events.emit({ type: "job.changed", jobId: "j1", hostId: "h1" });
    await passed(0);
    expect(types(job)).toEqual(["job.changed"]);
    expect(types(fleet)).toContain("job.changed");
  });

  test("the first progress is told at once, then the latest once a second [JOB-04]", async () => {
    const events = listen("job:j1");
    const other = listen("job:j2");
    for (let i = 0; i < 30; i++) {
      const event = { jobId: "j1", progress: progress(i) };
      world.events.emit({ type: "job.progress", ...event });
      if (i === 0) expect(events).toHaveLength(1);
      await passed(100);
    }
    const told = events.map((event) =>
      event.type === "job.progress" ? event.progress.percent : null,
    );
    expect(told).toEqual([0, 9, 19, 29]);
    expect(other).toEqual([]);
  });

  test("log lines come in order, in at most ten frames a second, each once [JOB-06]", async () => {
    const events = listen("job:j1");
    for (let n = 1; n <= 1000; n++) {
      world.events.emit({ type: "job.log", jobId: "j1", lines: [line(n)] });
      await passed(1);
    }
    await passed(100);
    expect(events.length).toBeLessThanOrEqual(11);
    expect(lineNumbers(events)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i + 1),
    );
  });

  test("a frame stays below 64 kB; when far more comes the oldest lines are left to be fetched", async () => {
    const events = listen("job:j1");
    const text = "x".repeat(1000);
    const lines = Array.from({ length: 5000 }, (_, i) => line(i + 1, text));
    world.events.emit({ type: "job.log", jobId: "j1", lines });
    await passed(10_000);
    for (const event of events)
      expect(JSON.stringify(event).length).toBeLessThan(64 * 1024);
    const numbers = lineNumbers(events);
    expect(numbers.at(-1)).toBe(5000);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.length).toBeLessThan(1000);
  });
});
