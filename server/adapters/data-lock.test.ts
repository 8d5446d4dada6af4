import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartError } from "../app-error.ts";
import { lockDataDir } from "./data-lock.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-lock-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Another process that holds the lock. */
async function holder() {
  const module = join(import.meta.dir, "data-lock.ts");
  const script = [
    `const { lockDataDir } = await import(${JSON.stringify(module)});`,
    `globalThis.unlock = lockDataDir(${JSON.stringify(dir)});`,
    `console.log("locked"); setInterval(() => {}, 1000);`,
  ].join("\n");
  const child = spawn(process.execPath, ["-e", script]);
  await once(child.stdout, "data");
  return child;
}

test("one server at a time has a data directory, and the next one when it stopped", () => {
  const unlock = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(StartError);
  expect(() => lockDataDir(dir)).toThrow("RM_DATA_DIR");
  unlock();
  lockDataDir(dir)();
});

test("another process is kept out, and gets in at once when the first was killed", async () => {
  const child = await holder();
  expect(() => lockDataDir(dir)).toThrow("Another restic-manager-server");
  child.kill("SIGKILL");
  await once(child, "exit");
  lockDataDir(dir)();
});
