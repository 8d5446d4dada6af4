import {
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { FailureError } from "../failure-error.ts";
import { realRestic, type RealRestic } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { toldSnapshots } from "../testing/told-snapshots.ts";

// Real restic on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const sharedDir = createTempDirs(afterAll);
let restic: RealRestic;
/** A snapshot with one file, for whoever needs no other. */
let plain: { readonly id: string; readonly path: string };
beforeAll(async () => {
  restic = realRestic(sharedDir());
  await restic.byHand("init");
  const { source, backUp } = await setUp();
  writeFileSync(join(source, "x"), "1");
  plain = { id: await backUp(), path: join(source, "x") };
});
const below = (paths: readonly string[] | null, source: string) =>
  paths
    ?.filter((path) => path.startsWith(`${source}/`))
    .map((path) => path.slice(source.length + 1));
const setUp = () => toldSnapshots(tempDir(), restic);
const noise = (bytes: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");

test("a folder is told with what is in it: kinds, sizes, times, permissions, owners [RTR-01]", async () => {
  const { source, trees, backUp, send } = await setUp();
  mkdirSync(join(source, "sub"), { mode: 0o750 });
  writeFileSync(join(source, "sub", "x"), "12345", { mode: 0o640 });
  writeFileSync(join(source, "tool"), "1", { mode: 0o4755 });
  symlinkSync("/etc/passwd", join(source, "link"));
  utimesSync(join(source, "sub", "x"), 1_700_000_000, 1_700_000_000);
  const id = await backUp();
  expect(await send(id)).toBe("sent");
  const entry = (path: string) => trees.entry(id, `${source}${path}`);
  expect(entry("/sub")).toMatchObject({ t: "dir", p: "040750", s: 5, c: 1 });
  expect(entry("/sub/x")).toEqual({
    n: "x",
    t: "file",
    s: 5,
    m: 1_700_000_000,
    p: "100640",
    u: process.getuid?.() ?? 0,
    g: process.getgid?.() ?? 0,
  });
  expect(entry("/tool")).toMatchObject({ p: "104755" });
  expect(entry("/link")).toMatchObject({ t: "symlink", p: "120777" });
  expect(trees.whole(id)).toMatchObject({ files: 3, bytes: 6 });
});

test("strange names arrive as they are [RTR-01]", async () => {
  const { source, trees, backUp, send } = await setUp();
  const names = [
    "new\nline",
    'quo"te',
    "back\\slash",
    "-dash",
    "😀",
    "*?[glob]",
    " ",
    "...",
    "$HOME",
    "é".repeat(120),
  ];
  for (const name of names) {
    mkdirSync(join(source, name));
    writeFileSync(join(source, name, name), "");
  }
  // Not UTF-8, and the same for whoever reads UTF-8.
  for (const byte of [0xfe, 0xff])
    writeFileSync(
      Buffer.concat([Buffer.from(`${source}/bad-`), Buffer.from([byte])]),
      "1",
    );
  const id = await backUp();
  expect(await send(id)).toBe("sent");
  const paths = trees.paths(id);
  for (const name of names)
    expect(paths).toContain(`${source}/${name}/${name}`);
  expect(paths?.filter((path) => path.includes("bad-"))).toEqual([
    `${source}/bad-\uFFFD`,
  ]);
  expect(trees.whole(id)?.files).toBe(names.length + 2);
});

test("a further snapshot costs what changed: one look at the folders above it [RTR-01]", async () => {
  const { source, trees, backUp, send, asked } = await setUp();
  for (let i = 0; i < 30; i++) {
    mkdirSync(join(source, `f${i}`));
    writeFileSync(join(source, `f${i}`, "x"), "1".repeat(i));
  }
  await send(await backUp({ noted: true }));
  expect(asked()).toEqual(["ls"]);
  const before = trees.received();
  expect(before).toBeGreaterThan(30);
  writeFileSync(join(source, "f7", "y"), "new");
  const id = await backUp({ noted: true });
  expect(await send(id)).toBe("sent");
  expect(asked()).toEqual(["ls", "ls /"]);
  const depth = source.split("/").length;
  expect(trees.received() - before).toBeLessThanOrEqual(depth + 1);
  expect(trees.paths(id)).toContain(`${source}/f7/y`);
  expect(trees.paths(id)).toContain(`${source}/f8/x`);
  expect(trees.whole(id)).toMatchObject({ files: 31, bytes: 438 });
});

test("snapshots made while the server was away are told from what the last one has [RTR-01]", async () => {
  const { source, trees, backUp, send, asked } = await setUp();
  mkdirSync(join(source, "a"));
  writeFileSync(join(source, "a", "x"), "1");
  await send(await backUp({ noted: true }));
  mkdirSync(join(source, "b", "gone"), { recursive: true });
  const between = await backUp({ noted: true });
  rmSync(join(source, "b", "gone"), { recursive: true });
  writeFileSync(join(source, "c"), "new");
  const last = await backUp({ noted: true });
  expect(await send(last)).toBe("sent");
  expect(await send(between)).toBe("sent");
  expect(asked()).toEqual(["ls", "ls /", "ls"]);
  expect(below(trees.paths(last), source)).toEqual(["a", "a/x", "b", "c"]);
  expect(trees.paths(between)).toContain(`${source}/b/gone`);
});

test("a snapshot that holds the same as an earlier one is not listed again, whoever made it [RTR-01]", async () => {
  const { source, trees, backUp, tag, send, asked } = await setUp();
  writeFileSync(join(source, "x"), "1");
  const first = await backUp();
  await send(first);
  const id = await tag(first);
  expect(id).not.toBe(first);
  expect(await send(id)).toBe("sent");
  expect(asked()).toEqual(["cat", "ls", "cat"]);
  expect(trees.paths(id)).toContain(`${source}/x`);
});

test("trees the server has lost are sent again, all of them [RTR-01]", async () => {
  const { source, trees, backUp, tag, send, asked } = await setUp();
  for (const name of ["a", "b"]) {
    mkdirSync(join(source, name));
    writeFileSync(join(source, name, "x"), name);
  }
  await send(await backUp({ noted: true }));
  trees.lose(2);
  writeFileSync(join(source, "c"), "new");
  const changed = await backUp({ noted: true });
  expect(await send(changed)).toBe("sent");
  expect(asked()).toEqual(["ls", "ls /", "ls"]);
  expect(trees.paths(changed)).toContain(`${source}/b/x`);
  trees.empty();
  const same = await tag(changed);
  expect(await send(same)).toBe("sent");
  expect(trees.paths(same)).toContain(`${source}/a/x`);
});

test("names that are not UTF-8 are told as a whole listing tells them [RTR-01]", async () => {
  const { source, trees, backUp, send, asked } = await setUp();
  mkdirSync(join(source, "a"));
  await send(await backUp({ noted: true }));
  for (const byte of [0xfe, 0xff])
    writeFileSync(
      Buffer.concat([Buffer.from(`${source}/a/bad-`), Buffer.from([byte])]),
      "1",
    );
  const id = await backUp({ noted: true });
  expect(await send(id)).toBe("sent");
  expect(asked()).toEqual(["ls", "ls /", "ls"]);
  expect(below(trees.paths(id), source)).toEqual(["a", "a/bad-\uFFFD"]);
  expect(trees.whole(id)?.files).toBe(2);
});

test("a long folder arrives in several messages, none too long; a connection that ends in between costs only what was under way [RTR-01]", async () => {
  const { source, trees, backUp, send, tmpDir } = await setUp();
  const folders = 20;
  for (let i = 0; i < folders; i++) {
    mkdirSync(join(source, `f${i}`));
    for (let j = 0; j < 50; j++)
      writeFileSync(join(source, `f${i}`, noise(60)), "");
  }
  for (let i = 0; i < 4000; i++) writeFileSync(join(source, noise(60)), "");
  const id = await backUp();
  let puts = 0;
  trees.onRequest((op) => {
    if (op === "tree.put" && ++puts === 2) throw new Error("gone");
  });
  await expect(send(id)).rejects.toThrow("gone");
  expect(trees.received()).toBeGreaterThan(0);
  expect(await send(id)).toBe("sent");
  expect(trees.received()).toBe(folders + source.split("/").length);
  expect(trees.paths(id)?.length).toBeGreaterThan(5000);
  expect(new Set(trees.paths(id)).size).toBe(trees.paths(id)?.length ?? 0);
  expect(trees.longest()).toBeLessThan(256 * 1024);
  expect(existsSync(join(tmpDir, "trees.spool"))).toBe(false);
});

test("what is indexed or switched off costs one question [RTR-01]", async () => {
  const { trees, send, asked } = await setUp();
  trees.want(false);
  expect(await send(plain.id)).toBe("unwanted");
  trees.want(true);
  expect(await send(plain.id)).toBe("sent");
  expect(await send(plain.id)).toBe("unwanted");
  expect(asked()).toEqual(["cat", "ls"]);
  expect(trees.paths(plain.id)).toContain(plain.path);
});

test("a snapshot that was forgotten meanwhile is said to be missing [RTR-01]", async () => {
  const { send } = await setUp();
  const gone = plain.id.replaceAll(/./g, "0");
  const error: unknown = await send(gone).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FailureError);
  expect((error as FailureError).failure.code).toBe("snapshot_missing");
});

test("an agent that stops leaves nothing half told [RTR-01]", async () => {
  const { trees, send, stop } = await setUp();
  stop.abort("agent_stopped");
  await expect(send(plain.id)).rejects.toThrow(FailureError);
  expect(trees.whole(plain.id)).toBeUndefined();
});
