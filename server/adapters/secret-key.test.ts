import { afterAll, expect, test } from "bun:test";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { loadSecretKey } from "./secret-key.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-key-"));
afterAll(() => rmSync(dir, { recursive: true }));
const random = createRandom(systemClock);

test("the first start makes 32 bytes that only the owner reads, later starts read the same [CFG-02]", () => {
  const path = join(dir, "new.key");
  const key = loadSecretKey(path, false, random);
  expect(key.length).toBe(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(loadSecretKey(path, true, random)).toEqual(key);
  expect(readdirSync(dir)).toEqual(["new.key"]);
});

test("a key of the wrong size is refused and stays as it is [CFG-02]", () => {
  const path = join(dir, "short.key");
  writeFileSync(path, "short");
  expect(() => loadSecretKey(path, false, random)).toThrow("5 bytes");
  expect(readFileSync(path, "utf8")).toBe("short");
});

test("a missing key beside an existing database is refused, and none is made [CFG-02]", () => {
  const path = join(dir, "gone.key");
  expect(() => loadSecretKey(path, true, random)).toThrow("missing");
  expect(() => statSync(path)).toThrow();
});
