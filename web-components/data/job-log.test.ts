import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { expect, test } from "bun:test";
import { atom } from "nanostores";
import { logLine } from "../testing/seed-jobs.ts";
import type { Http } from "./http.ts";
import { createJobLog, keptLines } from "./job-log.ts";
import type { Live, LiveListener, LiveStatus } from "./live.ts";

/** A server that has stored `lines`, answers in pages, and a browser that follows it. */
function stage(lines: LogLine[], pageSize = 2) {
  const listeners = new Set<LiveListener>();
  const asked: string[] = [];
  const live: Live = {
    status: atom<LiveStatus>({ state: "live" }),
    fault: atom(null),
    forgetFault() {},
    start() {},
    stop() {},
    retry() {},
    listen(_topic, listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const http: Http = {
    get: async <T>(path: string) => {
      const { searchParams } = new URL(path, "http://server");
      asked.push(path);
      const after = Number(searchParams.get("after"));
      const wanted = searchParams.get("q") ?? "";
      const found = lines.filter(
        ({ n, l, k }) =>
          n > after &&
          l.includes(wanted) &&
          (searchParams.get("issues") === null || k === "error"),
      );
      const page = found.slice(0, pageSize);
      return {
        lines: page,
        next_after:
          page.length < found.length ? (page.at(-1)?.n ?? null) : null,
      } as T;
    },
    send: () => Promise.reject(new Error("nothing is sent")),
    download: () => Promise.reject(new Error("nothing is downloaded")),
  };
  return {
    http,
    live,
    asked,
    say(...fresh: LogLine[]) {
      for (const { onEvent } of listeners)
        onEvent({ type: "job.log", job_id: "j", lines: fresh });
    },
  };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

test("stored pages and live lines make one log without holes or doubles [JOB-05]", async () => {
  const lines = [1, 2, 3, 4, 5].map((n) => logLine(n));
  const { http, live, say } = stage(lines);
  const log = createJobLog({ http, live }, "j", 0);
  log.listen(() => {});
  await settled();
  say(logLine(5), logLine(6));
  expect(log.get().lines.map((line) => line.n)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a hole in what is heard is filled from what is stored", async () => {
  const lines = [logLine(1)];
  const { http, live, say } = stage(lines);
  const log = createJobLog({ http, live }, "j", 0);
  log.listen(() => {});
  await settled();
  lines.push(logLine(2), logLine(3), logLine(4));
  say(logLine(4));
  await settled();
  expect(log.get().lines.map((line) => line.n)).toEqual([1, 2, 3, 4]);
});

test("a log longer than what is kept begins with its newest lines", async () => {
  const lines = Array.from({ length: keptLines + 10 }, (_, index) =>
    logLine(index + 1),
  );
  const { http, live } = stage(lines, keptLines);
  const log = createJobLog({ http, live }, "j", 10);
  log.listen(() => {});
  await settled();
  expect(log.get().lines).toHaveLength(keptLines);
  expect(log.get().lines[0]?.n).toBe(11);
});

test("lines that are lost for good leave a hole, and what follows is shown [JOB-05]", async () => {
  const lines = [1, 2, 7, 8].map((n) => logLine(n));
  const { http, live, say } = stage(lines);
  const log = createJobLog({ http, live }, "j", 0);
  log.listen(() => {});
  await settled();
  lines.push(logLine(11));
  say(logLine(11));
  await settled();
  say(logLine(12));
  expect(log.get().lines.map((line) => line.n)).toEqual([1, 2, 7, 8, 11, 12]);
});

test("a search shows what the server finds, and of what comes later what fits, without asking again [JOB-11]", async () => {
  const lines = [1, 2, 3, 4, 5, 6].map((n) =>
    logLine(n, { l: n % 2 === 0 ? "postgres" : "etc" }),
  );
  const { http, live, say, asked } = stage(lines);
  const log = createJobLog({ http, live }, "j", 0, {
    q: "postgres",
    issues: false,
  });
  log.listen(() => {});
  await settled();
  say(logLine(7, { l: "POSTGRES again" }), logLine(8, { l: "etc" }));
  say(logLine(9, { l: "etc" }), logLine(10, { l: "postgres" }));
  expect(log.get().lines.map((line) => line.n)).toEqual([2, 4, 6, 7, 10]);
  expect(asked).toHaveLength(2);
});

test("a search that finds nothing says so instead of waiting", async () => {
  const { http, live } = stage([logLine(1)]);
  const log = createJobLog({ http, live }, "j", 0, { q: "no", issues: true });
  log.listen(() => {});
  expect(log.get().loaded).toBe(false);
  await settled();
  expect(log.get()).toEqual({ lines: [], error: null, loaded: true });
});
