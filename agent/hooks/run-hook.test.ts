import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import type { Child, Launch } from "../platform/spawn.ts";
import { createSpawner } from "../platform/spawn.ts";
import { testEnv } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import { createHookRunner, type HookCall } from "./run-hook.ts";

const tempDir = createTempDirs();

function rig(clock = createManualClock()) {
  const dir = tempDir();
  const lines: string[] = [];
  const hooks = createHookRunner({
    spawner: createSpawner({ tmpDir: join(dir, "tmp") }),
    clock,
    env: { ...testEnv, BUN_OPTIONS: "--inspect", RESTIC_PASSWORD: "hunter22" },
  });
  const run = (text: string, more: Partial<HookCall> = {}) =>
    hooks.run({
      text,
      shell: null,
      env: {},
      limitMs: 600_000,
      signal: new AbortController().signal,
      onLine: (stream, line) => lines.push(`${stream} ${line}`),
      ...more,
    });
  return { dir, clock, lines, run };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** A script that will not end, nor will what it has started, by being asked. It names its processes in `pids`. */
function stubborn(pids: string): string {
  return `trap '' TERM
(trap '' TERM; while :; do sleep 1; done) >/dev/null 2>&1 &
echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}
while :; do sleep 1; done`;
}

async function pidsIn(path: string): Promise<number[]> {
  await until("the hook", () => Bun.file(path).exists());
  return readFileSync(path, "utf8").trim().split(" ").map(Number);
}

describe("a hook", () => {
  test("runs several lines in /bin/sh and is judged by its exit code [HKS-02]", async () => {
    const { run, lines } = rig();
    expect(await run("a=1\nif true; then\n  echo $a\nfi")).toEqual({
      type: "succeeded",
    });
    expect(await run("echo no >&2\nexit 7")).toEqual({
      type: "failed",
      words: "ended with exit code 7",
    });
    expect(await run("kill -KILL $$")).toEqual({
      type: "failed",
      words: "was killed (SIGKILL)",
    });
    expect(lines).toEqual(["stdout 1", "stderr no"]);
  });

  test("gets what its job is, and nothing of the agent's own secrets", async () => {
    const { run, lines } = rig();
    await run("env", { env: { RM_JOB_ID: "J", RM_SOURCE_GROUP: "db" } });
    expect(lines).toContain("stdout RM_JOB_ID=J");
    expect(lines).toContain("stdout RM_SOURCE_GROUP=db");
    expect(lines.join()).toContain("PATH=");
    expect(lines.join()).not.toContain("hunter22");
    expect(lines.join()).not.toContain("BUN_OPTIONS");
  });

  test("that hangs is ended at its limit, with everything it has started [HKS-03]", async () => {
    const { run, dir, clock } = rig();
    const path = join(dir, "pids");
    const ended = run(stubborn(path), { limitMs: 60_000 });
    const pids = await pidsIn(path);
    await clock.advance(59_000);
    expect(pids.map(isAlive)).toEqual([true, true]);
    await clock.advance(1_000);
    await clock.advance(5_000);
    expect(await ended).toEqual({ type: "timeout" });
    await until("its processes", () => !pids.some(isAlive));
    expect(clock.pending()).toBe(0);
  });

  test("is ended when its job is, and one that listens is not killed", async () => {
    const { run, dir, lines } = rig();
    const path = join(dir, "pids");
    const stop = new AbortController();
    const ended = run(
      `trap 'echo tidied; exit 0' TERM; echo $$ > ${path}; while :; do sleep 0.05; done`,
      { signal: stop.signal },
    );
    await pidsIn(path);
    stop.abort();
    expect(await ended).toEqual({ type: "stopped" });
    expect(lines).toContain("stdout tidied");
  });

  test("may leave a service running, which is not waited for, nor stopped by what it prints", async () => {
    const { run, dir, lines } = rig();
    const path = join(dir, "pids");
    const go = join(dir, "go");
    const printed = join(dir, "printed");
    const service = `until [ -e ${go} ]; do sleep 0.05; done
      echo late >&2; seq 100000; echo > ${printed}; exec sleep 600`;
    expect(
      await run(
        `(${service}) & echo before; echo $! > ${path}.new; mv ${path}.new ${path}`,
      ),
    ).toEqual({ type: "succeeded" });
    const [pid = 0] = await pidsIn(path);
    writeFileSync(go, "");
    await until("all of its output", () => Bun.file(printed).exists());
    expect(isAlive(pid)).toBe(true);
    expect(lines).toEqual(["stdout before"]);
    process.kill(pid, "SIGKILL");
  });

  test("that prints without end and without a line end takes little memory", async () => {
    const { run, lines } = rig();
    const before = process.memoryUsage.rss();
    await run("head -c 268435456 /dev/zero | tr '\\0' x; echo; echo end");
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024);
    expect(lines.map((line) => line.length < 200_000)).toEqual([true, true]);
    expect(lines.at(-1)).toBe("stdout end");
  }, 60_000);
});

describe("the shell of a hook", () => {
  test("is the one the host names, with its arguments [HKS-05]", async () => {
    const { run, lines } = rig();
    const bash = ["/bin/bash", "-euo", "pipefail", "-c"];
    expect(
      await run('parts=(a b)\n[[ ${parts[1]} == b ]] && echo "${#parts[@]}"', {
        shell: bash,
      }),
    ).toEqual({ type: "succeeded" });
    expect(lines).toEqual(["stdout 2"]);
    expect(await run("false | true\necho after", { shell: bash })).toEqual({
      type: "failed",
      words: "ended with exit code 1",
    });
  });

  test("may be any program that takes a text last", async () => {
    const { run, dir, lines } = rig();
    const path = join(dir, "my shell");
    writeFileSync(path, '#!/bin/sh\necho "$#: $2"\n', { mode: 0o755 });
    await run('say "hi" \\ $x', { shell: [path, "--run"] });
    expect(lines).toEqual(['stdout 2: say "hi" \\ $x']);
  });

  test("that is missing is named", async () => {
    const end = await rig().run("true", { shell: ["/nowhere/zsh", "-c"] });
    expect(end).toEqual({
      type: "failed",
      words: expect.stringContaining("could not be started by /nowhere/zsh"),
    });
  });

  test("on Windows is cmd.exe, which gets every line and its own quoting [HKS-05]", async () => {
    const launches: Launch[] = [];
    const hooks = createHookRunner({
      clock: createManualClock(),
      env: { ComSpec: "C:\\Windows\\system32\\cmd.exe" },
      platform: "win32",
      spawner: {
        start(launch) {
          launches.push(launch);
          return endedChild;
        },
      },
    });
    const call = {
      env: {},
      limitMs: 1_000,
      signal: new AbortController().signal,
      onLine: () => {},
    };
    const text = 'rem stop it\r\nnet stop "My Service"\r\n\r\necho done';
    await hooks.run({ ...call, text, shell: null });
    expect(launches[0]).toMatchObject({
      file: "C:\\Windows\\system32\\cmd.exe",
      args: ["/d", "/s", "/c", '"net stop "My Service" & echo done"'],
      isVerbatim: true,
    });
    const powershell = ["powershell.exe", "-NoProfile", "-Command"];
    await hooks.run({ ...call, text: "Stop-Service x", shell: powershell });
    expect(launches[1]).toMatchObject({
      file: "powershell.exe",
      args: ["-NoProfile", "-Command", "Stop-Service x"],
    });
  });
});

const endedChild: Child = {
  pid: 1,
  exited: Promise.resolve({ code: 0, signal: null, startError: null }),
  signal: () => {},
  signalAll: () => {},
  kill: () => {},
};
