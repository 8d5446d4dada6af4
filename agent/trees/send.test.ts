import {
  existsSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { FailureError } from "../failure-error.ts";
import { createMemoryLink } from "../link/memory-link.ts";
import type { ResticCall } from "../restic/run.ts";
import { openStateDb } from "../state-db.ts";
import { realRestic } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createTestTrees, type TestTrees } from "../testing/test-trees.ts";
import { sendSnapshot, type SendOutcome } from "./send.ts";
import { createSentStore } from "./sent-store.ts";

// Real restic on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const repositoryId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const host = "habcdefghijkl";

interface Bench {
  readonly source: string;
  readonly trees: TestTrees;
  readonly tmpDir: string;
  backUp(): Promise<string>;
  forget(snapshotId: string): Promise<void>;
  /** Replaces a snapshot by one that holds the same. */
  tag(snapshotId: string): Promise<string>;
  send(snapshotId: string): Promise<SendOutcome>;
  /** How often restic was asked to list a snapshot. */
  listings(): number;
  /** Ends whatever restic does next, as the end of the agent does. */
  stop: AbortController;
}

async function setUp(): Promise<Bench> {
  const dir = tempDir();
  const source = join(dir, "source");
  mkdirSync(source);
  const restic = realRestic(join(dir, "by-hand"));
  await restic.byHand("init");
  const trees = createTestTrees();
  const calls: ResticCall[] = [];
  const connection = await createMemoryLink().link.connect();
  const stop = new AbortController();
  const tmpDir = join(dir, "tmp");
  const deps = {
    runner: {
      run(call: ResticCall) {
        calls.push(call);
        return restic.runner.run(call);
      },
    },
    signal: stop.signal,
    requests: {
      ask: async (_connection, op, body, schema) =>
        schema.parse(
          trees.answer(op, { host, t: "2026-11-28T10:00:00Z", ...body }),
        ),
    },
    connection: () => connection,
    sent: createSentStore(openStateDb(join(dir, "agent.db"))),
    tmpDir,
  } satisfies Parameters<typeof sendSnapshot>[0];
  const idOf = async (snapshot: string) => {
    const { output } = await restic.byHand("snapshots", "--json", snapshot);
    return (JSON.parse(output) as { id: string }[])[0]?.id ?? "";
  };
  return {
    source,
    trees,
    tmpDir,
    async backUp() {
      const { output } = await restic.byHand("backup", "--json", source);
      const summary = output.split("\n").at(-1) ?? "";
      const { snapshot_id } = JSON.parse(summary) as { snapshot_id: string };
      return idOf(snapshot_id);
    },
    async tag(snapshotId) {
      await restic.byHand("tag", "--add", "kept", snapshotId);
      return idOf("latest");
    },
    async forget(snapshotId) {
      await restic.byHand("forget", snapshotId);
    },
    send: (snapshotId) =>
      sendSnapshot(deps, {
        repositoryId,
        repository: restic.repository,
        snapshotId,
      }),
    listings: () => calls.filter(({ args }) => args[0] === "ls").length,
    stop,
  };
}

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

test("a further snapshot costs what changed [RTR-01]", async () => {
  const { source, trees, backUp, send } = await setUp();
  for (let i = 0; i < 30; i++) {
    mkdirSync(join(source, `f${i}`));
    writeFileSync(join(source, `f${i}`, "x"), "1".repeat(i));
  }
  await send(await backUp());
  const before = trees.received();
  expect(before).toBeGreaterThan(30);
  writeFileSync(join(source, "f7", "y"), "new");
  const id = await backUp();
  await send(id);
  const depth = source.split("/").length;
  expect(trees.received() - before).toBeLessThanOrEqual(depth + 1);
  expect(trees.paths(id)).toContain(`${source}/f7/y`);
  expect(trees.paths(id)).toContain(`${source}/f8/x`);
});

test("a snapshot that holds the same as an earlier one is not listed again [RTR-01]", async () => {
  const { source, trees, backUp, tag, send, listings } = await setUp();
  writeFileSync(join(source, "x"), "1");
  const first = await backUp();
  await send(first);
  const id = await tag(first);
  expect(id).not.toBe(first);
  expect(await send(id)).toBe("sent");
  expect(listings()).toBe(1);
  expect(trees.paths(id)).toContain(`${source}/x`);
});

test("trees the server has lost are sent again, all of them [RTR-01]", async () => {
  const { source, trees, backUp, tag, send } = await setUp();
  for (const name of ["a", "b"]) {
    mkdirSync(join(source, name));
    writeFileSync(join(source, name, "x"), name);
  }
  await send(await backUp());
  trees.lose(2);
  writeFileSync(join(source, "c"), "new");
  const changed = await backUp();
  expect(await send(changed)).toBe("sent");
  expect(trees.paths(changed)).toContain(`${source}/b/x`);
  trees.empty();
  const same = await tag(changed);
  expect(await send(same)).toBe("sent");
  expect(trees.paths(same)).toContain(`${source}/a/x`);
});

test("a long folder arrives in several messages, none of them too long [RTR-01]", async () => {
  const { source, trees, backUp, send } = await setUp();
  const noise = (bytes: number) =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
  for (let i = 0; i < 5000; i++) writeFileSync(join(source, noise(60)), "");
  const id = await backUp();
  expect(await send(id)).toBe("sent");
  expect(trees.paths(id)?.length).toBeGreaterThan(5000);
  expect(trees.longest()).toBeLessThan(256 * 1024);
});

test("what is indexed or switched off costs one question [RTR-01]", async () => {
  const { source, trees, backUp, send, listings } = await setUp();
  writeFileSync(join(source, "x"), "1");
  const id = await backUp();
  trees.want(false);
  expect(await send(id)).toBe("unwanted");
  trees.want(true);
  expect(await send(id)).toBe("sent");
  expect(await send(id)).toBe("unwanted");
  expect(listings()).toBe(1);
});

test("a connection that ends in between costs only what was under way [RTR-01]", async () => {
  const { source, trees, backUp, send, tmpDir } = await setUp();
  const noise = () =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(60))).toString("hex");
  for (let i = 0; i < 40; i++) {
    mkdirSync(join(source, `f${i}`));
    for (let j = 0; j < 100; j++)
      writeFileSync(join(source, `f${i}`, noise()), "");
  }
  const id = await backUp();
  let puts = 0;
  trees.onRequest((op) => {
    if (op === "tree.put" && ++puts === 2) throw new Error("gone");
  });
  await expect(send(id)).rejects.toThrow("gone");
  const before = trees.received();
  expect(before).toBeGreaterThan(0);
  expect(await send(id)).toBe("sent");
  const total = trees.received();
  expect(new Set(trees.paths(id)).size).toBe(trees.paths(id)?.length ?? 0);
  const folders = 40 + source.split("/").length;
  expect(total).toBe(folders);
  expect(existsSync(join(tmpDir, "trees.spool"))).toBe(false);
});

test("a snapshot that was forgotten meanwhile is said to be missing [RTR-01]", async () => {
  const { source, backUp, forget, send } = await setUp();
  writeFileSync(join(source, "x"), "1");
  const id = await backUp();
  await forget(id);
  const error: unknown = await send(id).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FailureError);
  expect((error as FailureError).failure.code).toBe("snapshot_missing");
});

test("an agent that stops leaves nothing half told [RTR-01]", async () => {
  const { source, trees, backUp, send, stop } = await setUp();
  writeFileSync(join(source, "x"), "1");
  const id = await backUp();
  stop.abort("agent_stopped");
  await expect(send(id)).rejects.toThrow(FailureError);
  expect(trees.whole(id)).toBeUndefined();
});
