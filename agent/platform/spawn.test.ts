import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";
import { createSpawner } from "./spawn.ts";

const tempDir = createTempDirs();
const env = { PATH: "/usr/bin:/bin" };

function shell(
  script: string,
  onLine = (_stream: string, _line: string) => {},
) {
  return createSpawner({ tmpDir: tempDir() }).start({
    file: "/bin/sh",
    args: ["-c", script],
    env,
    onLine,
  });
}

test("both streams arrive in lines, the last one without a line end too", async () => {
  const lines: string[] = [];
  const child = shell(
    "echo one; echo two >&2; printf 'ü'; exit 3",
    (stream, line) => lines.push(`${stream} ${line}`),
  );
  expect(await child.exited).toEqual({
    code: 3,
    signal: null,
    startError: null,
  });
  expect(lines.sort()).toEqual(["stderr two", "stdout one", "stdout ü"]);
});

test("a child sees nothing of our environment", async () => {
  const lines: string[] = [];
  await shell("env", (_stream, line) => lines.push(line)).exited;
  expect(lines.filter((line) => !/^(PATH|PWD|_|SHLVL)=/.test(line))).toEqual(
    [],
  );
});

test("a child waits when its output is not taken", async () => {
  const gate = Promise.withResolvers<void>();
  const file = join(tempDir(), "written");
  let first = true;
  const child = shell(`seq 200000; echo done > ${file}`, () => {
    if (!first) return;
    first = false;
    // Nothing else is read while a line is being worked on.
    const busyUntil = performance.now() + 300;
    while (performance.now() < busyUntil);
    expect(existsSync(file)).toBe(false);
    gate.resolve();
  });
  await gate.promise;
  await child.exited;
  expect(existsSync(file)).toBe(true);
});

test("a kill ends the process and what it started", async () => {
  let grandchild = 0;
  const child = shell(
    "sleep 1000 & echo $!; wait",
    (_stream, line) => (grandchild = Number(line)),
  );
  await until("the grandchild", () => grandchild > 0);
  child.kill();
  expect((await child.exited).signal).toBe("SIGKILL");
  await until("the end of the grandchild", () => !isRunning(grandchild));
});

test("an error while a line is taken ends the child and is passed on", async () => {
  const child = shell("echo x; sleep 1000", () => {
    throw new Error("disk full");
  });
  expect(child.exited).rejects.toThrow("disk full");
  await child.exited.catch(() => {});
  await until("the end of the child", () => !isRunning(child.pid ?? 0));
});

test("a grandchild that keeps the output open does not keep the job open", async () => {
  const lines: string[] = [];
  const child = shell("sleep 1000 & echo $!", (_stream, line) =>
    lines.push(line),
  );
  expect((await child.exited).code).toBe(0);
  process.kill(Number(lines[0]), "SIGKILL");
});

test("when we are killed with -9, a child ends by SIGINT and may still write", async () => {
  const dir = tempDir();
  const marks = join(dir, "marks");
  const script = `trap 'echo cleaning up; echo warning >&2; echo cleaned >> ${marks}; exit 0' INT; echo started >> ${marks}; while :; do sleep 0.05; done`;
  const host = spawn(
    process.execPath,
    [
      new URL("../testing/spawn-host.ts", import.meta.url).pathname,
      dir,
      script,
    ],
    { stdio: "ignore" },
  );
  await until("the child", () => existsSync(marks));
  host.kill("SIGKILL");
  await until(
    "the clean end",
    () => readFileSync(marks, "utf8") === "started\ncleaned\n",
  );
});

function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
}
