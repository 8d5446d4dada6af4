import {
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { resticPath } from "./testing/programs.ts";
import { fill, rigIn, running, type Rig } from "./testing/rig.ts";
import { initialised, textOf } from "./testing/upkeep.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const withRig = rigIn(tempDir);

async function backedUp(rig: Rig): Promise<void> {
  await initialised(rig);
  const { code } = await rig.restic.byHand("backup", rig.source);
  expect(code).toBe(0);
}

const isHalfWritten: unknown = expect.stringMatching(
  /may be incomplete.*Replace files that differ/,
);
const inPlace = { mode: "in_place" } as const;
const into = (path: string) => ({ mode: "new_directory", path }) as const;

/** A restic that does as the script says when it is to restore, and otherwise what the real one does. */
function resticThat(script: string): string {
  const path = join(tempDir(), "restic");
  const text = `#!/bin/sh
case " $* " in *" restore "*)
${script}
esac
exec "${resticPath()}" "$@"
`;
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

test("a snapshot that was forgotten meanwhile is named as the reason, pruned or not [RTR-03]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    writeFileSync(join(rig.source, "second.txt"), "second");
    await rig.restic.byHand("backup", rig.source);
    await rig.configure();
    const { output } = await rig.restic.byHand("snapshots", "--json");
    const [snapshot] = JSON.parse(output) as { id: string }[];
    const snapshot_id = snapshot?.id ?? "";
    await rig.done(await rig.restore({ snapshot_id }));
    const forget = ["forget", "--prune", snapshot_id];
    expect((await rig.restic.byHand(...forget)).code).toBe(0);
    for (const more of [{}, { strip: rig.source }])
      expect(
        await rig.done(await rig.restore({ snapshot_id, ...more })),
      ).toMatchObject({
        outcome: "failed",
        error: { code: "snapshot_missing" },
      });
  }));

test("what the snapshot does not hold is a failure alone, and an issue beside what it holds [RTR-03]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    await backedUp(rig);
    const gone = join(source, "never-there.txt");
    const none = await rig.done(await rig.restore({ paths: [gone] }));
    expect(none).toMatchObject({
      outcome: "failed",
      error: { code: "path_missing" },
    });
    const letter = join(source, "letter.txt");
    const one = await rig.done(await rig.restore({ paths: [gone, letter] }));
    expect(one).toMatchObject({
      outcome: "succeeded_with_issues",
      error: { code: "path_missing", message: expect.stringContaining(gone) },
    });
    expect(existsSync(join(dir, "restored", letter))).toBe(true);
    const up = [`${source}/../source/letter.txt`];
    expect((await rig.done(await rig.restore({ paths: up }))).error?.code).toBe(
      "path_missing",
    );
  }));

test("a target that is no folder, where the files came from, or behind another user's link, is refused before anything is written [RTR-03] [RTR-04]", () =>
  withRig(async (rig) => {
    const { dir, source } = rig;
    const docs = join(dir, "docs");
    mkdirSync(docs);
    writeFileSync(join(docs, "a.txt"), "a");
    await initialised(rig);
    await rig.restic.byHand("backup", source, docs);
    writeFileSync(join(dir, "file"), "");
    const outside = join(dir, "outside");
    mkdirSync(outside);
    rmSync(docs, { recursive: true });
    for (const link of [docs, join(dir, "link")]) {
      symlinkSync(outside, link);
      lchownSync(link, 12_345, 12_345);
    }
    for (const secret of [
      { target: into(join(dir, "file")) },
      { target: into(join(dir, "file", "below")) },
      { target: into(join(dir, "link")) },
      { target: into(join(dir, "link", "below")) },
      { target: into(source), strip: source },
      { target: inPlace, paths: [join(docs, "a.txt")] },
    ]) {
      const done = await rig.done(await rig.restore(secret));
      expect(done).toMatchObject({
        outcome: "failed",
        error: { code: "target_refused" },
      });
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(dir, "file"), "utf8")).toBe("");
  }));

test("links in the target that point out of it are replaced, not followed [RTR-03]", () =>
  withRig(async (rig) => {
    const { dir, source } = rig;
    mkdirSync(join(source, "docs"));
    writeFileSync(join(source, "docs", "a.txt"), "from the snapshot");
    await backedUp(rig);
    const outside = join(dir, "outside");
    mkdirSync(outside);
    for (const name of ["a.txt", "letter.txt"])
      writeFileSync(join(outside, name), "untouched");
    const there = join(dir, "restored", source);
    mkdirSync(there, { recursive: true });
    symlinkSync(outside, join(there, "docs"));
    symlinkSync(join(outside, "letter.txt"), join(there, "letter.txt"));
    const done = await rig.done(await rig.restore());
    expect(done.outcome).toBe("succeeded");
    for (const name of ["a.txt", "letter.txt"])
      expect(readFileSync(join(outside, name), "utf8")).toBe("untouched");
    expect(readFileSync(join(there, "docs", "a.txt"), "utf8")).toBe(
      "from the snapshot",
    );
  }));

test("too little space is said before anything is written [RTR-03]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const done = await rig.done(await rig.restore({ total_bytes: 2 ** 60 }));
    expect(done).toMatchObject({
      outcome: "failed",
      error: {
        code: "target_full",
        message: expect.stringContaining("nothing was restored"),
      },
    });
    expect(existsSync(join(rig.dir, "restored"))).toBe(false);
  }));

test("a disk that gets full ends the restore at once, as its own failure [RTR-03]", () =>
  withRig(
    async (rig) => {
      await backedUp(rig);
      const jobId = await rig.restore();
      const done = await rig.done(jobId);
      expect(done).toMatchObject({
        outcome: "failed",
        error: { code: "target_full", message: isHalfWritten },
        restore: { errors: 1 },
      });
      expect(textOf(rig, jobId)).toContain("no space left on device");
    },
    {
      restic_path: resticThat(`
echo '{"message_type":"error","error":{"message":"write /t/big: no space left on device"},"during":"restore","item":"/big"}'
exec sleep 60`),
    },
  ));

test("owners that could not be set are an issue with a sentence of its own [RTR-06]", () =>
  withRig(
    async (rig) => {
      await backedUp(rig);
      expect(await rig.done(await rig.restore())).toMatchObject({
        outcome: "succeeded_with_issues",
        error: {
          code: "restore_incomplete",
          message: expect.stringContaining("owner of one file or folder"),
        },
        restore: { errors: 1 },
      });
    },
    {
      restic_path: resticThat(`
"${resticPath()}" "$@"
echo '{"message_type":"error","error":{"message":"lchown /t/a: operation not permitted"},"during":"restore","item":"/a"}'
echo '{"message_type":"exit_error","code":1,"message":"Fatal: There were 1 errors"}' >&2
exit 1`),
    },
  ));

test("a repository that cannot be written any more is read without a lock [RTR-05]", () =>
  withRig(
    async (rig) => {
      await backedUp(rig);
      const jobId = await rig.restore();
      expect(await rig.done(jobId)).toMatchObject({ outcome: "succeeded" });
      expect(textOf(rig, jobId)).toContain("It is read without one");
    },
    {
      restic_path: resticThat(`
case "$*" in *--no-lock*) exec "${resticPath()}" "$@" ;; esac
echo 'Save(<lock/5bb60bea45>) returned error, retrying after 552.330144ms: open /repo/locks/5b: no space left on device' >&2
exec sleep 60`),
    },
  ));

test("a restore whose agent is killed is reported as lost, and its restic ends with it [RTR-06]", () =>
  withRig(async (rig) => {
    fill(rig.source, 8);
    await rig.restic.byHand("init");
    await rig.restic.byHand("backup", rig.source);
    const agent = rig.start();
    await rig.online();
    const jobId = await rig.restore({}, { up_kbps: null, down_kbps: 200 });
    await running(rig);
    agent.kill();
    await agent.exited;
    rig.start();
    const done = await rig.done(jobId);
    expect(done).toMatchObject({
      kind: "restore",
      outcome: "lost",
      error: { code: "agent_restarted", message: isHalfWritten },
    });
    expect(readdirSync(join(rig.restic.repository.url, "locks"))).toEqual([]);
  }));
