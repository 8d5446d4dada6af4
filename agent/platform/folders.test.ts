import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { pathsIn } from "../testing/agent-process.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { clearLeftovers } from "./folders.ts";
import { replaceFile } from "./replace-file.ts";

const tempDir = createTempDirs();

test("what a killed agent left half written is removed at the start, and nothing else", () => {
  const paths = pathsIn(tempDir());
  const folders = [paths.state, paths.bin, dirname(paths.config)];
  for (const folder of [...folders, paths.tmp])
    mkdirSync(folder, { recursive: true });
  replaceFile(paths.identity, "{}");
  for (const folder of folders) {
    writeFileSync(join(folder, ".identity.json.4711.tmp"), "half");
    writeFileSync(join(folder, "mine.tmp"), "a person's");
  }
  writeFileSync(join(paths.tmp, "4711-0.out"), "");
  for (const name of ["restic-check-cache-4711", "a".repeat(64)])
    mkdirSync(join(paths.cache, name, "data"), { recursive: true });
  clearLeftovers(paths);
  expect(readdirSync(paths.state).sort()).toEqual([
    "bin",
    "cache",
    "identity.json",
    "mine.tmp",
  ]);
  expect(readdirSync(paths.cache)).toEqual(["a".repeat(64)]);
  expect(readdirSync(paths.bin)).toEqual(["mine.tmp"]);
  expect(readdirSync(dirname(paths.config))).toEqual(["mine.tmp"]);
  expect(existsSync(paths.tmp)).toBe(false);
  clearLeftovers(pathsIn(tempDir()));
});
