import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { runSystemProgram } from "../platform/spawn.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { padding, tarEnd, tarHeader, type TarFile } from "./tar.ts";
import { withoutTarEnd } from "./tar-join.ts";

const tempDir = createTempDirs();

const plain: TarFile = {
  name: "docs/a.txt",
  size: 5,
  mode: 0o640,
  uid: 0,
  gid: 0,
  modified: 1_700_000_000,
};

test("an archive of the files' own names unpacks with the system's tar [DIF-01]", () => {
  const dir = tempDir();
  const names = [
    "docs/a.txt",
    "two\nlines",
    "🦊/übung",
    `${"long/".repeat(60)}file`,
    "-rf",
    "x".repeat(101),
  ];
  const parts = names.flatMap((name) => [
    tarHeader({ ...plain, name }),
    new TextEncoder().encode("hello"),
    padding(5),
  ]);
  writeFileSync(join(dir, "a.tar"), Buffer.concat([...parts, tarEnd]));
  const unpack = ["-xf", join(dir, "a.tar"), "-C", dir];
  expect(runSystemProgram("tar", unpack)).toBe(true);
  for (const name of names)
    expect(readFileSync(join(dir, name), "utf8")).toBe("hello");
  const { mode, mtimeMs } = statSync(join(dir, "docs/a.txt"));
  expect(mode & 0o777).toBe(0o640);
  expect(mtimeMs).toBe(1_700_000_000_000);
  expect(readdirSync(dir)).toHaveLength(names.length + 1);
});

test("a size, a user and a group beyond the old header's room stand in the extended one [DIF-01]", () => {
  const header = tarHeader({
    ...plain,
    size: 9_000_000_000,
    uid: 4_000_000_000,
    gid: 3_000_000_000,
  });
  const text = new TextDecoder("latin1").decode(header);
  expect(text).toContain("19 size=9000000000\n");
  expect(text).toContain("18 uid=4000000000\n");
  expect(text).toContain("18 gid=3000000000\n");
  expect(header.length % 512).toBe(0);
});

test("an archive is passed on without its end, however it is cut; one that has none is refused [DIF-01]", async () => {
  const archive = Buffer.concat([Buffer.alloc(1536, 1), tarEnd]);
  for (const size of [1, 511, 1024, 3000]) {
    const taken: Uint8Array[] = [];
    const part = withoutTarEnd(async (piece) => void taken.push(piece));
    for (let at = 0; at < archive.length; at += size)
      await part.take(archive.subarray(at, at + size));
    await part.end();
    expect(Buffer.concat(taken).equals(Buffer.alloc(1536, 1))).toBe(true);
  }
  const broken = withoutTarEnd(async () => {});
  await broken.take(Buffer.alloc(4096, 1));
  expect(broken.end()).rejects.toThrow("no whole archive");
});
