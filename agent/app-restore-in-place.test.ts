import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { restoreCheckResult } from "@restic-manager/shared/api/restores.ts";
import type { RestoreSecret } from "@restic-manager/shared/protocol/command.ts";
import { rigIn, type Rig } from "./testing/rig.ts";
import { initialised, snapshotsOf, textOf } from "./testing/upkeep.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

const inPlace = { mode: "in_place" } as const;
const into = (path: string) => ({ mode: "new_directory", path }) as const;

type Change = Partial<
  Pick<RestoreSecret, "paths" | "target" | "overwrite" | "strip">
>;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const read = (path: string) => readFileSync(path, "utf8");

async function backUp(rig: Rig, ...paths: string[]): Promise<void> {
  await initialised(rig);
  const { code } = await rig.restic.byHand("backup", ...paths);
  expect(code).toBe(0);
}

async function answerOfCheck(rig: Rig, change: Change) {
  const [snapshot] = await snapshotsOf(rig);
  return rig.sealed("restore.check", {
    snapshot_id: snapshot?.id ?? "",
    paths: [rig.source],
    target: inPlace,
    overwrite: "if-changed",
    strip: null,
    total_bytes: null,
    ...change,
  });
}

async function check(rig: Rig, change: Change) {
  const answer = await answerOfCheck(rig, change);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return restoreCheckResult.parse(answer.result);
}

test("where the folder of what was chosen is a link now, the link stays, and the files go where it leads [RTR-04]", () =>
  withRig(async (rig) => {
    const { dir } = rig;
    const home = join(dir, "home");
    const disk = join(dir, "disk");
    write(join(home, "ada", "letter.txt"), "hello");
    write(join(home, "bob", "diary.txt"), "mine");
    await backUp(rig, home);
    mkdirSync(disk);
    renameSync(home, join(disk, "home"));
    symlinkSync("disk/./home", home);
    rmSync(join(home, "ada"), { recursive: true });
    const paths = [join(home, "ada")];
    const found = await check(rig, { paths });
    expect(found.warnings.join(" ")).toContain(join(disk, "home"));
    const done = await rig.done(await rig.restore({ target: inPlace, paths }));
    expect(done).toMatchObject({ outcome: "succeeded", error: null });
    expect(lstatSync(home).isSymbolicLink()).toBe(true);
    expect(read(join(disk, "home", "ada", "letter.txt"))).toBe("hello");
    expect(read(join(home, "bob", "diary.txt"))).toBe("mine");
  }));

test("a new folder that is a link of root stays one, and what lies behind other people's links is refused [RTR-03]", () =>
  withRig(async (rig) => {
    const { dir, source } = rig;
    await backUp(rig, source);
    const out = join(dir, "disk", "out");
    mkdirSync(out, { recursive: true });
    symlinkSync(out, join(dir, "link"));
    const target = into(join(dir, "link"));
    const done = await rig.done(await rig.restore({ target, strip: source }));
    expect(done).toMatchObject({ outcome: "succeeded", error: null });
    expect(lstatSync(join(dir, "link")).isSymbolicLink()).toBe(true);
    expect(read(join(out, "letter.txt"))).toBe("hello");

    const elsewhere = join(dir, "elsewhere");
    mkdirSync(join(elsewhere, "out"), { recursive: true });
    symlinkSync(elsewhere, join(dir, "theirs"));
    lchownSync(join(dir, "theirs"), 12_345, 12_345);
    symlinkSync(join(dir, "theirs", "out"), join(dir, "behind"));
    const inside = join(dir, "inside");
    mkdirSync(inside);
    symlinkSync(elsewhere, join(inside, "deep"));
    lchownSync(join(inside, "deep"), 12_345, 12_345);
    await rig.restic.byHand("forget", "--unsafe-allow-remove-all", "latest");
    write(join(source, "deep", "out", "new.txt"), "new");
    await rig.restic.byHand("backup", source);
    for (const secret of [
      { target: into(join(dir, "behind")) },
      {
        target: into(inside),
        strip: source,
        paths: [join(source, "deep", "out", "new.txt")],
      },
    ])
      expect(await rig.done(await rig.restore(secret))).toMatchObject({
        outcome: "failed",
        error: { code: "target_refused" },
      });
    expect(readdirSync(join(elsewhere, "out"))).toEqual([]);
  }));

test("what lies where the snapshot has a folder is named before, and never removed by the rule that keeps what is there [RTR-02] [RTR-04]", () =>
  withRig(async (rig) => {
    const { dir, source } = rig;
    const album = join(source, "album");
    const notes = join(source, "notes");
    const other = join(dir, "other-disk");
    write(join(album, "a.txt"), "a");
    write(join(notes, "b.txt"), "b");
    await backUp(rig, source);
    renameSync(album, other);
    symlinkSync(other, album);
    rmSync(notes, { recursive: true });
    writeFileSync(notes, "a file now");
    for (const overwrite of ["always", "if-changed", "if-newer"] as const) {
      const found = await check(rig, { overwrite });
      expect(found.dry_run?.overwritten).toEqual(
        expect.arrayContaining([album, notes]),
      );
      // Both files are written anew, though one is unchanged where the link leads.
      expect(found.dry_run).toMatchObject({ restored: 2, updated: 2 });
      expect(found.warnings.join(" ")).toContain(album);
    }
    const refused = await answerOfCheck(rig, { overwrite: "never" });
    expect(refused).toMatchObject({ ok: false, code: "target_refused" });
    const never = { target: inPlace, overwrite: "never" } as const;
    const done = await rig.done(await rig.restore(never));
    expect(done.error?.message).toContain(`${album}, ${notes} would have to`);
    expect(done).toMatchObject({
      outcome: "failed",
      error: { code: "target_refused" },
    });
    expect(read(notes)).toBe("a file now");
    expect(readlinkSync(album)).toBe(other);
    await rig.done(await rig.restore({ target: inPlace }));
    expect(read(join(notes, "b.txt"))).toBe("b");
    expect(lstatSync(album).isSymbolicLink()).toBe(false);
  }));

test("what a link or a second name of a file would replace is counted and named before [RTR-02] [RTR-04]", () =>
  withRig(async (rig) => {
    const { source } = rig;
    const [link, first, second] = ["link", "first", "second"].map((name) =>
      join(source, name),
    ) as [string, string, string];
    symlinkSync("letter.txt", link);
    writeFileSync(first, "both");
    linkSync(first, second);
    mkdirSync(join(source, "empty"));
    await backUp(rig, source);
    for (const path of [link, second]) {
      rmSync(path);
      writeFileSync(path, "changed since");
    }
    const found = await check(rig, {});
    expect(found.dry_run).toMatchObject({
      restored: 0,
      updated: 2,
      unchanged: 2,
    });
    expect(found.dry_run?.overwritten.toSorted()).toEqual([link, second]);
    expect(found.warnings).toEqual([]);
    const kept = await check(rig, { overwrite: "never" });
    expect(kept.dry_run).toMatchObject({ restored: 0, updated: 0 });
  }));

test("in place, folders that nobody chose keep their permissions, and counts add up [RTR-04]", () =>
  withRig(async (rig) => {
    const { dir } = rig;
    const etc = join(dir, "etc");
    const ada = join(dir, "home", "ada");
    write(join(etc, "a.conf"), "a");
    write(join(ada, "x", "y.txt"), "yy");
    write(join(ada, "z", "gone.txt"), "zzz");
    for (const folder of [etc, dirname(ada), ada, join(ada, "z")])
      chmodSync(folder, 0o755);
    await backUp(rig, etc, dirname(ada));
    for (const folder of [etc, dirname(ada), ada]) chmodSync(folder, 0o700);
    rmSync(join(etc, "a.conf"));
    writeFileSync(join(ada, "x", "y.txt"), "changed");
    rmSync(join(ada, "z"), { recursive: true });
    const paths = [
      join(etc, "a.conf"),
      join(ada, "x"),
      join(ada, "z", "gone.txt"),
    ];
    const found = await check(rig, { paths });
    expect(found.dry_run).toMatchObject({
      restored: 2,
      updated: 1,
      bytes: 6,
      overwritten: [join(ada, "x", "y.txt")],
    });
    const jobId = await rig.restore({
      target: inPlace,
      paths: [...paths, join(dir, "never", "there.txt")],
    });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded_with_issues",
      error: {
        code: "path_missing",
        message: expect.stringContaining("there.txt"),
      },
      restore: { files_restored: 3, bytes_restored: 6 },
    });
    for (const folder of [etc, dirname(ada), ada])
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(ada, "z")).mode & 0o777).toBe(0o755);
    expect(read(join(ada, "x", "y.txt"))).toBe("yy");
    expect(existsSync(join(dir, "never"))).toBe(false);
    expect(textOf(rig, jobId)).toContain(join(ada, "z", "gone.txt"));
  }));
