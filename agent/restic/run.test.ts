import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { createSpawner } from "../platform/spawn.ts";
import { realRestic, resticPath, testEnv } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import { backupArgs, configArgs, initArgs, snapshotsArgs } from "./args.ts";
import { createBackupFacts } from "./backup-facts.ts";
import { capture } from "./capture.ts";
import { backupOutcome, failureOf } from "./exit-codes.ts";
import { judgeLock, readLocks } from "./locks.ts";
import { createResticRunner, type ResticCall } from "./run.ts";

const tempDir = createTempDirs();
const limitMs = 60_000;

function sourceIn(dir: string, megabytes: number = 0): string {
  const source = join(dir, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "hello");
  for (let i = 0; i < megabytes; i++)
    writeFileSync(
      join(source, `block-${i}`),
      Buffer.alloc(1 << 20, `${i} ${Math.sin(i)}`),
    );
  return source;
}

function groupOf(source: string, url = "rest:http://elsewhere/") {
  const options = { exclude_caches: false, one_file_system: false };
  return backupArgs(
    { name: "default", includes: [source], excludes: [], options },
    "endpoint",
    url,
  );
}

describe("with a real restic", () => {
  test("a repository in a folder that it backs up does not hold itself", async () => {
    const dir = tempDir();
    const home = join(dir, "a [home] *");
    mkdirSync(home);
    const { runner, repository, byHand } = realRestic(home);
    await byHand("init");
    await runner.run({
      args: groupOf(home, repository.url),
      repository,
      limitMs,
    });
    const { output } = await byHand("ls", "latest");
    expect(output).toContain(home);
    expect(output).not.toContain(repository.url);
  });

  test("a repository is made, backed up to and listed", async () => {
    const dir = tempDir();
    const { runner, repository, byHand } = realRestic(dir);
    expect(
      (await runner.run({ args: initArgs, repository, limitMs })).exit.code,
    ).toBe(0);

    const facts = createBackupFacts();
    const end = await runner.run({
      args: groupOf(sourceIn(dir)),
      repository,
      limitMs,
      onMessage: (message) => facts.add(message),
    });
    expect(backupOutcome(end, facts.facts())).toEqual({
      outcome: "succeeded",
      error: null,
    });

    const { stdout } = await capture(runner, {
      args: snapshotsArgs,
      repository,
      limitMs,
    });
    const [snapshot] = JSON.parse(stdout) as {
      id: string;
      tags: string[];
      hostname: string;
    }[];
    expect(snapshot).toMatchObject({ tags: ["default"], hostname: "endpoint" });
    expect(snapshot?.id).toBe(facts.facts().summary?.snapshot_id ?? "");
    expect((await byHand("check", "--read-data")).code).toBe(0);
  }, 60_000);

  test("a wrong password and a missing repository are named", async () => {
    const dir = tempDir();
    const { runner, repository } = realRestic(dir);
    const missing = await runner.run({ args: configArgs, repository, limitMs });
    expect(failureOf(missing).code).toBe("repository_missing");
    await runner.run({ args: initArgs, repository, limitMs });
    const credential = { password: "wrong", env: {} };
    const wrong = await runner.run({
      args: configArgs,
      repository: { ...repository, credential },
      limitMs,
    });
    expect(failureOf(wrong).code).toBe("wrong_password");
  }, 60_000);

  test("one whose server takes the question and never answers is ended as stalled [RES-02]", async () => {
    const dir = tempDir();
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const { runner, repository } = realRestic(dir);
    const url = `rest:http://127.0.0.1:${port}/`;
    const end = await runner.run({
      args: groupOf(sourceIn(dir, 1)),
      repository: { ...repository, url },
      limitMs,
      stallMs: 1_500,
    });
    silent.close();
    expect([end.stopped, failureOf(end).code]).toEqual([
      "stalled",
      "restic_stalled",
    ]);
  }, 60_000);

  test("a cancelled backup ends soon and leaves no lock [JOB-07]", async () => {
    const dir = tempDir();
    const { runner, repository } = realRestic(dir);
    await runner.run({ args: initArgs, repository, limitMs });
    const cancel = new AbortController();
    const args = ["--limit-upload", "200", ...groupOf(sourceIn(dir, 4))];
    const ended = runner.run({
      args,
      repository,
      limitMs,
      signal: cancel.signal,
    });
    await until(
      "the lock",
      () => readdirSync(join(dir, "repo", "locks")).length > 0,
    );
    cancel.abort("cancelled");
    const end = await ended;
    expect(end.stopped).toBe("cancelled");
    expect(backupOutcome(end, createBackupFacts().facts()).outcome).toBe(
      "cancelled",
    );
    expect(await readLocks(runner, repository)).toEqual([]);
  }, 60_000);

  test("a lock left by a dead process of this host is found and described", async () => {
    const dir = tempDir();
    const { runner, repository } = realRestic(dir);
    await runner.run({ args: initArgs, repository, limitMs });
    const spawner = createSpawner({ tmpDir: join(dir, "tmp") });
    const child = spawner.start({
      file: resticPath(),
      args: ["--limit-upload", "100", ...groupOf(sourceIn(dir, 4))],
      env: {
        PATH: testEnv["PATH"] ?? "",
        HOME: dir,
        RESTIC_REPOSITORY: repository.url,
        RESTIC_PASSWORD: repository.credential.password,
      },
      onLine: () => {},
    });
    const locks = join(dir, "repo", "locks");
    await until("the lock", () =>
      readdirSync(locks).some((name) => name.length === 64),
    );
    child.kill();
    await child.exited;
    const found = (await readLocks(runner, repository)) ?? [];
    expect(found.map((lock) => lock.pid)).toEqual([child.pid ?? -1]);
    const [lock] = found;
    if (lock === undefined) throw new Error("no lock");
    const now = Date.parse(lock.time);
    const judged = (
      hostname: string,
      gone: boolean,
      minutes: number,
      suspect = false,
    ) =>
      judgeLock(lock, {
        hostname,
        now: now + minutes * 60_000,
        isGone: () => gone,
        suspects: new Set(suspect ? [lock.pid] : []),
      }).state;
    expect(judged(lock.hostname, true, 0, true)).toBe("own_dead");
    expect(judged(lock.hostname, true, 5)).toBe("live");
    expect(judged(lock.hostname, true, 7)).toBe("own_dead");
    expect(judged(lock.hostname, false, 7, true)).toBe("live");
    expect(judged(lock.hostname, false, 0)).toBe("live");
    expect(judged("another", true, 0)).toBe("live");
    expect(judged("another", true, 40)).toBe("old");
  }, 60_000);
});

describe("with a restic that misbehaves", () => {
  /** A script in restic's place, for faults a real one does not show on demand. */
  function faulty(script: string, clock = createManualClock()) {
    const dir = tempDir();
    const path = join(dir, "restic");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const runner = createResticRunner({
      spawner: createSpawner({ tmpDir: join(dir, "tmp") }),
      clock,
      env: testEnv,
      tmpDir: join(dir, "tmp"),
      cacheDir: join(dir, "cache"),
      randomName: () => "name",
      limits: () => ({ up_kbps: 900, down_kbps: null }),
      restic: async () => ({ path, version: "0.19.1" }),
    });
    const repository = {
      url: "/nowhere",
      credential: { password: "hunter22", env: {}, ca: "PEM" },
    };
    const seen: string[] = [];
    const start = (more: Partial<ResticCall> = {}) =>
      runner.run({
        args: ["backup"],
        repository,
        limitMs: 3_600_000,
        onMessage: (_m, _s, line) => seen.push(line),
        ...more,
      });
    return { dir, clock, start, seen };
  }

  const status = `{"message_type":"status","percent_done":1,"bytes_done":5}`;

  test("the host's bandwidth goes into every call, and a job's own in its place [SCH-08]", async () => {
    const { start, seen } = faulty('echo "$*"');
    await start();
    expect(seen.pop()).toContain("--limit-upload 900 backup");
    await start({ limits: { up_kbps: null, down_kbps: 70 } });
    expect(seen.pop()).toContain("--limit-download 70 backup");
    await start({ limits: { up_kbps: null, down_kbps: null } });
    expect(seen.pop()).not.toContain("--limit");
  });

  test("the same progress again and again is a stall", async () => {
    const { start, clock, seen } = faulty(
      `trap 'exit 130' INT; while :; do echo '${status}'; sleep 0.02; done`,
    );
    const ended = start({ stallMs: 600_000 });
    await until("progress", () => seen.length > 3);
    await clock.advance(599_000);
    const before = seen.length;
    await until("more of it", () => seen.length > before + 2);
    await clock.advance(3_000);
    const end = await ended;
    expect(end.stopped).toBe("stalled");
    expect(failureOf(end).code).toBe("restic_stalled");
  });

  test("attempts to reach a dead server are no progress", async () => {
    const { start, clock, seen } = faulty(
      `trap 'exit 1' INT; while :; do echo 'Save(x) returned error, retrying after 1s: connection refused' >&2; sleep 0.02; done`,
    );
    const ended = start({ stallMs: 600_000 });
    await until("attempts", () => seen.length > 3);
    await clock.advance(602_000);
    expect(failureOf(await ended)).toMatchObject({
      code: "repository_unreachable",
    });
  });

  test("a run ends at its time limit even while it gets on", async () => {
    const { start, clock, seen } = faulty(
      `trap 'exit 130' INT; while :; do echo line; sleep 0.02; done`,
    );
    const ended = start({ limitMs: 60_000 });
    await until("a line", () => seen.length > 0);
    await clock.advance(62_000);
    expect((await ended).stopped).toBe("time_limit");
  });

  test("one that ignores SIGINT gets SIGTERM after 30 s and SIGKILL after 10 s more", async () => {
    const { start, clock, seen } = faulty(
      `trap 'echo int' INT; trap 'echo term' TERM; echo up; while :; do sleep 0.02; done`,
    );
    const cancel = new AbortController();
    const ended = start({ signal: cancel.signal });
    await until("the start", () => seen.includes("up"));
    cancel.abort("cancelled");
    await until("SIGINT", () => seen.includes("int"));
    await clock.advance(29_000);
    expect(seen).not.toContain("term");
    await clock.advance(1_000);
    await until("SIGTERM", () => seen.includes("term"));
    await clock.advance(10_000);
    expect((await ended).exit.signal).toBe("SIGKILL");
  });

  test("no restic stays behind when its start cannot be noted", async () => {
    const { start, dir } = faulty(
      `trap 'sleep 0.1; touch "$0.ended"; exit 130' INT; while :; do sleep 0.02; done`,
    );
    const pids: (number | null)[] = [];
    const ended = start({
      onStart(pid) {
        pids.push(pid);
        throw new Error("database or disk is full");
      },
    });
    await expect(ended).rejects.toThrow("disk is full");
    const [pid] = pids;
    expect(() => process.kill(pid ?? 0, 0)).toThrow("ESRCH");
    expect(readdirSync(join(dir, "tmp"))).toEqual([]);
  });

  test("one that only reads is not waited for", async () => {
    const { start, clock, seen } = faulty(
      `trap 'echo int' INT; echo up; while :; do sleep 0.02; done`,
    );
    const cancel = new AbortController();
    const args = ["snapshots", "--no-lock"];
    const ended = start({ args, signal: cancel.signal });
    await until("the start", () => seen.includes("up"));
    cancel.abort("agent_stopped");
    await until("SIGINT", () => seen.includes("int"));
    await clock.advance(1_000);
    expect((await ended).exit.signal).toBe("SIGKILL");
  });

  test("secrets do not stay in its last words, and the certificate file is gone afterwards", async () => {
    const { start, dir } = faulty(
      `echo "arg: $*" >&2; test -f "$2" && echo "bad login hunter22 at https://me:pw@host/" >&2; exit 1`,
    );
    const { words } = await start();
    expect(words).toContain("bad login *** at https://***@host/");
    expect(words).toContain("--cacert");
    expect(existsSync(join(dir, "tmp", "name.pem"))).toBe(false);
  });
});
