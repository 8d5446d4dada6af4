import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { createSpawner } from "../platform/spawn.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createResticLocator } from "./locate.ts";

const tempDir = createTempDirs();
const script =
  "#!/bin/sh\necho restic 0.19.1 compiled with go1.26 on linux/amd64\n";
const sha256 = createHash("sha256").update(script).digest("hex");

function setUp({
  embedded = true,
  override,
}: { embedded?: boolean; override?: string } = {}) {
  const dir = tempDir();
  const [assetsDir, binDir] = [join(dir, "assets"), join(dir, "bin")];
  if (embedded) {
    mkdirSync(join(assetsDir, "bin"), { recursive: true });
    writeFileSync(
      join(assetsDir, "bin", "restic.zst"),
      Bun.zstdCompressSync(Buffer.from(script)),
    );
    writeFileSync(
      join(assetsDir, "bin", "manifest.json"),
      JSON.stringify({
        name: "restic",
        version: "0.19.1",
        os: "linux",
        arch: "x64",
        sha256,
        size: script.length,
      }),
    );
  }
  const spawner = createSpawner({ tmpDir: join(dir, "tmp") });
  const locator = (mayExtract: boolean = true) =>
    createResticLocator({
      spawner,
      env: { PATH: "/bin-without-restic" },
      assetsDir,
      binDir,
      mayExtract,
      override,
    });
  return { dir, binDir, locator };
}

test("the embedded restic is extracted, checked and used [PKG-06]", async () => {
  const { binDir, locator } = setUp();
  const path = join(binDir, `restic-${sha256.slice(0, 12)}`);
  expect(await locator().info()).toEqual({
    source: "embedded",
    path,
    version: "0.19.1",
    sha256,
    problem: null,
  });
  expect(readdirSync(binDir)).toEqual([`restic-${sha256.slice(0, 12)}`]);
});

test("the embedded restic is described without a file being made", async () => {
  const { dir, locator } = setUp();
  const info = await locator(false).info();
  expect(info).toMatchObject({
    source: "embedded",
    version: "0.19.1",
    problem: null,
  });
  expect(readdirSync(dir)).toEqual(["assets"]);
});

test("a damaged extracted restic is replaced at the next start", async () => {
  const { locator } = setUp();
  const { path } = await locator().info();
  writeFileSync(path, script.replace("0.19.1", "6.6.6!"));
  expect((await locator().info()).version).toBe("0.19.1");
  expect(readFileSync(path, "utf8")).toBe(script);
});

test("an embedded restic that does not match its manifest is not run", async () => {
  const { dir, locator } = setUp();
  writeFileSync(
    join(dir, "assets", "bin", "restic.zst"),
    Bun.zstdCompressSync(Buffer.from("#!/bin/sh\nexit 0")),
  );
  expect(locator().info()).rejects.toThrow("damaged");
});

test("an unusable restic_path is a problem, not a crash, and jobs say restic_missing [AGT-04]", async () => {
  const { locator } = setUp({ override: "/nowhere/restic" });
  const one = locator();
  expect(await one.info()).toMatchObject({ source: "override", version: null });
  expect((await one.info()).problem).toContain(
    "restic_path /nowhere/restic does not exist",
  );
  const error = await one.require().catch((e: unknown) => e);
  expect(error).toMatchObject({ failure: { code: "restic_missing" } });
});

test("a repaired restic_path works without a restart", async () => {
  const path = join(tempDir(), "restic");
  const { locator } = setUp({ override: path });
  const one = locator();
  writeFileSync(path, script);
  chmodSync(path, 0o644);
  expect((await one.info()).problem).toContain("may not be executed");
  chmodSync(path, 0o755);
  expect((await one.require()).version).toBe("0.19.1");
});

test("something else at restic_path is named as such", async () => {
  const path = join(tempDir(), "restic");
  writeFileSync(path, "#!/bin/sh\necho I am a teapot\n", { mode: 0o755 });
  const { problem } = await setUp({ override: path }).locator().info();
  expect(problem).toContain("is no working restic (I am a teapot)");
});

test("a restic that is too old is refused with what is needed", async () => {
  const path = join(tempDir(), "restic");
  writeFileSync(path, "#!/bin/sh\necho restic 0.9.6 compiled with go1.13\n", {
    mode: 0o755,
  });
  const { problem } = await setUp({ override: path }).locator().info();
  expect(problem).toContain("is restic 0.9.6; at least 0.14.0 is needed");
});

test("without an embedded one and none on PATH the remedy is named", async () => {
  const { problem } = await setUp({ embedded: false }).locator().info();
  expect(problem).toContain("Install restic, or set restic_path");
});
