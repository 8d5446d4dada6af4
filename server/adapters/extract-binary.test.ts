import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { extractBinary } from "./extract-binary.ts";
import { createTestBroker, natsServerPath } from "./nats-testing.ts";

describe("the embedded executable", () => {
  let assets: string;
  let target: string;
  beforeAll(() => {
    assets = mkdtempSync(join(tmpdir(), "rm-assets-"));
    target = join(assets, "data", "bin");
    const bytes = readFileSync(natsServerPath());
    mkdirSync(join(assets, "bin"));
    writeFileSync(
      join(assets, "bin", "nats-server.zst"),
      Bun.zstdCompressSync(bytes, { level: 1 }),
    );
    writeFileSync(
      join(assets, "bin", "manifest.json"),
      JSON.stringify({
        name: "nats-server",
        version: "2.15.1",
        os: "linux",
        arch: "x64",
        sha256: createHash("sha256").update(bytes).digest("hex"),
        size: bytes.length,
      }),
    );
  });
  afterAll(() => rmSync(assets, { recursive: true }));

  const inode = (path: string) => statSync(path).ino;

  test("is put into place once, also by several starts at the same time", async () => {
    const paths = await Promise.all(
      [1, 2, 3].map(() => extractBinary(assets, target)),
    );
    expect(new Set(paths).size).toBe(1);
    const [path = ""] = paths;
    const before = inode(path);
    expect(await extractBinary(assets, target)).toBe(path);
    expect(inode(path)).toBe(before);
    expect(readdirSync(target)).toHaveLength(1);
    expect(statSync(target).mode & 0o777).toBe(0o700);
  });

  test("is replaced when someone changed it, and the broker runs the right one", async () => {
    const path = await extractBinary(assets, target);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    rmSync(path);
    writeFileSync(path, bytes, { mode: 0o755 });
    const under = createTestBroker({
      binary: () => extractBinary(assets, target),
    });
    await under.broker.start();
    expect(readFileSync(natsServerPath()).equals(readFileSync(path))).toBe(
      true,
    );
    await under.remove();
  });

  test("of an earlier version is removed", async () => {
    const old = join(target, "nats-server-0123456789ab");
    writeFileSync(old, "old");
    rmSync(await extractBinary(assets, target));
    await extractBinary(assets, target);
    expect(existsSync(old)).toBe(false);
  });

  test("that is damaged or missing is refused with a remedy", async () => {
    const broken = mkdtempSync(join(tmpdir(), "rm-assets-"));
    await expect(extractBinary(broken, target)).rejects.toThrow("just stage");
    mkdirSync(join(broken, "bin"));
    writeFileSync(
      join(broken, "bin", "manifest.json"),
      readFileSync(join(assets, "bin", "manifest.json")),
    );
    writeFileSync(
      join(broken, "bin", "nats-server.zst"),
      Bun.zstdCompressSync("something else"),
    );
    await expect(
      extractBinary(broken, join(broken, "elsewhere")),
    ).rejects.toThrow("damaged");
    rmSync(broken, { recursive: true });
  });
});
