import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createSecretFile } from "./secret-file.ts";

const tempDir = createTempDirs();
const random = createRandom(systemClock);
const key = new Uint8Array(32).fill(6);
const bundle: ConfigBundle = {
  host: "habcdefghijkl",
  addresses: [],
  rev: 3,
  limits: { up_kbps: 512, down_kbps: null },
  index: true,
  hook_shell: null,
  repositories: [
    {
      id: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      name: "nas",
      url: "/srv/restic",
      credential: { password: "swordfish", env: {} },
    },
  ],
  groups: [],
  schedules: [],
};

function fileIn(
  dir: string,
  change: { key?: Uint8Array; hostId?: string } = {},
) {
  return createSecretFile({
    path: join(dir, "config.sealed"),
    key,
    hostId: "habcdefghijkl",
    random,
    ...change,
  });
}

describe("the file with repository passwords [AGT-02]", () => {
  test("gives back what was saved, is private and shows nothing", () => {
    const dir = tempDir();
    expect(fileIn(dir).load()).toBeNull();
    fileIn(dir).save(bundle);
    expect(fileIn(dir).load()).toEqual(bundle);
    const bytes = readFileSync(join(dir, "config.sealed"));
    expect(bytes.includes("swordfish")).toBe(false);
    expect(statSync(join(dir, "config.sealed")).mode & 0o777).toBe(0o600);
  });

  test("never uses a nonce again", () => {
    const dir = tempDir();
    const bytes = Array.from({ length: 3 }, () => {
      fileIn(dir).save(bundle);
      return readFileSync(join(dir, "config.sealed"))
        .subarray(4, 16)
        .toString("hex");
    });
    expect(new Set(bytes).size).toBe(3);
  });

  test.each([
    ["another key", { key: new Uint8Array(32).fill(1) }],
    ["another host", { hostId: "hzzzzzzzzzzzz" }],
  ])("does not open with %s", (_name, change) => {
    const dir = tempDir();
    fileIn(dir).save(bundle);
    expect(() => fileIn(dir, change).load()).toThrow(
      "secrets_key in agent.yaml",
    );
  });

  test.each([0, 5, 20, -1])(
    "a changed byte at %i is an error and the file stays as it is",
    (index) => {
      const dir = tempDir();
      const path = join(dir, "config.sealed");
      fileIn(dir).save(bundle);
      const bytes = readFileSync(path);
      const at = index < 0 ? bytes.length + index : index;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      expect(() => fileIn(dir).load()).toThrow("cannot be read");
      expect(readFileSync(path).equals(bytes)).toBe(true);
    },
  );

  test("a truncated or empty file is an error", () => {
    const dir = tempDir();
    fileIn(dir).save(bundle);
    const path = join(dir, "config.sealed");
    writeFileSync(path, readFileSync(path).subarray(0, 30));
    expect(() => fileIn(dir).load()).toThrow("cannot be read");
    writeFileSync(path, "");
    expect(() => fileIn(dir).load()).toThrow("cannot be read");
  });
});
