import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { fill, rigIn, running, type Rig } from "./testing/rig.ts";
import { initialised, textOf } from "./testing/upkeep.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

async function backedUp(rig: Rig): Promise<void> {
  await initialised(rig);
  const { code } = await rig.restic.byHand("backup", rig.source);
  expect(code).toBe(0);
}

const inPlace = { mode: "in_place" } as const;
const into = (path: string) => ({ mode: "new_directory", path }) as const;
/** Slow enough for something to happen meanwhile. */
const slowly = { up_kbps: null, down_kbps: 2000 };

test("a restore into a new folder brings back bytes, times and counts [RTR-03]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    utimesSync(join(source, "letter.txt"), 1_700_000_000, 1_700_000_000);
    await backedUp(rig);
    const target = join(dir, "out", "<job-id>");
    const jobId = await rig.restore({ target: into(target) });
    const done = await rig.done(jobId);
    const filled = target.replace("<job-id>", jobId);
    expect(done).toMatchObject({
      kind: "restore",
      outcome: "succeeded",
      error: null,
      restore: { files_restored: 1, bytes_restored: 5, target: filled },
    });
    const letter = join(filled, source, "letter.txt");
    expect(readFileSync(letter, "utf8")).toBe("hello");
    expect(statSync(letter).mtimeMs).toBe(1_700_000_000_000);
    expect(textOf(rig, jobId)).toContain(join(source, "letter.txt"));
  }));

test("a link to a folder counts like a file, folders do not [RTR-06]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    mkdirSync(join(source, "folder", "below"), { recursive: true });
    symlinkSync("folder", join(source, "link"));
    await backedUp(rig);
    const jobId = await rig.restore({ target: into(join(dir, "out")) });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded",
      restore: { files_restored: 2, bytes_restored: 5 },
    });
    expect(textOf(rig, jobId)).toContain(join(source, "link"));
  }));

test("whatever a file is called, it comes back, and no other one with it [RTR-03]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    const names = [
      "two\nlines",
      `"quoted" 'twice'`,
      "🦊 übung",
      "-rf",
      "*",
      "[a-z]?{x}",
      "back\\slash",
      "$HOME ${HOME}",
      "# no comment",
      " blanks ",
      "x".repeat(255),
    ];
    for (const name of [...names, "bystander"])
      writeFileSync(join(source, name), name);
    const binary = Buffer.concat([
      Buffer.from(`${source}/not-`),
      Buffer.from([0xff, 0xfe]),
    ]);
    writeFileSync(binary, "bytes");
    writeFileSync(join(source, "not-ab"), "similar");
    await backedUp(rig);
    const paths = [...names, "not-\uFFFD\uFFFD"].map((n) => join(source, n));
    const done = await rig.done(await rig.restore({ paths }));
    expect(done).toMatchObject({ outcome: "succeeded", error: null });
    const back = readdirSync(join(dir, "restored", source), "buffer");
    expect(back.map((name) => name.toString("latin1")).sort()).toEqual(
      [
        ...names.map((name) => Buffer.from(name)),
        Buffer.from("not-\xff\xfe", "latin1"),
      ]
        .map((name) => name.toString("latin1"))
        .sort(),
    );
  }));

test("a list too long for a command line is restored as well, by the same names [RTR-03]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    const folder = join(source, "long ".repeat(40));
    mkdirSync(folder);
    const names = Array.from({ length: 300 }, (_, n) => `${n} $HOME `);
    names.push("two\nlines", "*", "#", "ends with a blank ");
    for (const name of [...names, "bystander"])
      writeFileSync(join(folder, name), name);
    await backedUp(rig);
    const paths = names.map((name) => join(folder, name));
    const jobId = await rig.restore({ paths });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded",
      restore: { files_restored: names.length },
    });
    const back = readdirSync(join(dir, "restored", folder));
    expect(back.sort()).toEqual([...names].sort());
    expect(textOf(rig, jobId)).toContain("--include-file");
    expect(readdirSync(join(dir, "state", "tmp"))).toEqual([]);
  }));

test("a chosen folder of the snapshot can become the target itself [RTR-07]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    mkdirSync(join(source, "docs"));
    writeFileSync(join(source, "docs", "a.txt"), "a");
    await backedUp(rig);
    const target = into(join(dir, "out"));
    const paths = [join(source, "docs")];
    const parts = { target, paths, strip: source };
    expect(await rig.done(await rig.restore(parts))).toMatchObject({
      outcome: "succeeded",
    });
    expect(readFileSync(join(dir, "out/docs/a.txt"), "utf8")).toBe("a");
    const whole = {
      target: into(join(dir, "all")),
      paths: [source],
      strip: source,
    };
    await rig.done(await rig.restore(whole));
    expect(readdirSync(join(dir, "all")).sort()).toEqual([
      "docs",
      "letter.txt",
    ]);
  }));

test("in place the overwritten file is back, and nothing above it is touched [RTR-04]", () =>
  withRig(async (rig) => {
    const { source } = rig;
    const letter = join(source, "letter.txt");
    writeFileSync(join(source, "other.txt"), "other");
    await backedUp(rig);
    writeFileSync(letter, "overwritten by mistake");
    writeFileSync(join(source, "other.txt"), "meant so");
    chmodSync(source, 0o701);
    const done = await rig.done(
      await rig.restore({ target: inPlace, paths: [letter] }),
    );
    expect(done).toMatchObject({
      outcome: "succeeded",
      restore: { files_restored: 1, target: null },
    });
    expect(readFileSync(letter, "utf8")).toBe("hello");
    expect(readFileSync(join(source, "other.txt"), "utf8")).toBe("meant so");
    expect(statSync(source).mode & 0o777).toBe(0o701);
  }));

test("in place below a folder that is a link now, the link stays one [RTR-04]", () =>
  withRig(async (rig) => {
    const { dir } = rig;
    const folder = join(dir, "data", "docs");
    const moved = join(dir, "moved");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.txt"), "a");
    await initialised(rig);
    await rig.restic.byHand("backup", folder);
    mkdirSync(join(moved, "docs"), { recursive: true });
    rmSync(join(dir, "data"), { recursive: true });
    symlinkSync(moved, join(dir, "data"));
    const done = await rig.done(
      await rig.restore({ target: inPlace, paths: [join(folder, "a.txt")] }),
    );
    expect(done.outcome).toBe("succeeded");
    expect(lstatSync(join(dir, "data")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(moved, "docs", "a.txt"), "utf8")).toBe("a");
  }));

test("a folder that was deleted whole comes back in place with its permissions [RTR-04]", () =>
  withRig(async (rig) => {
    const { source } = rig;
    const deep = join(source, "a", "b");
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, "c.txt"), "c");
    chmodSync(join(source, "a"), 0o750);
    await backedUp(rig);
    rmSync(join(source, "a"), { recursive: true });
    const paths = [join(deep, "c.txt")];
    await rig.done(await rig.restore({ target: inPlace, paths }));
    expect(readFileSync(join(deep, "c.txt"), "utf8")).toBe("c");
    expect(statSync(join(source, "a")).mode & 0o777).toBe(0o750);
  }));

test("a rule decides what becomes of files that are there [RTR-03]", () =>
  withRig(async (rig) => {
    const { source, dir } = rig;
    writeFileSync(join(source, "gone.txt"), "gone");
    await backedUp(rig);
    const there = join(dir, "restored", source);
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, "letter.txt"), "mine");
    const never = await rig.done(await rig.restore({ overwrite: "never" }));
    expect(never).toMatchObject({
      outcome: "succeeded",
      restore: { files_restored: 1, files_skipped: 1, total_files: 2 },
    });
    expect(readFileSync(join(there, "letter.txt"), "utf8")).toBe("mine");
    expect(readFileSync(join(there, "gone.txt"), "utf8")).toBe("gone");
    const jobId = await rig.restore({ overwrite: "always" });
    await rig.done(jobId);
    expect(readFileSync(join(there, "letter.txt"), "utf8")).toBe("hello");
    const changed = rig.log(jobId).filter(({ k }) => k === "changed");
    expect(changed.map(({ l }) => l)).toContain(join(source, "letter.txt"));
  }));

test("progress names files and bytes, a cancel ends restic at once and says what may be half written, and the same restore once more completes it [RTR-06]", () =>
  withRig(async (rig) => {
    const { source, server, restic, dir } = rig;
    fill(source, 24);
    await initialised(rig);
    // restic takes packs whole: small ones, so that there is something to count.
    await restic.byHand("backup", "--pack-size", "4", source);
    const total_bytes = 24 * 1024 * 1024 + 5;
    const jobId = await rig.restore({ total_bytes }, slowly);
    const progress = () => server.lossy("live") as JobProgress[];
    await until("progress in bytes", () =>
      progress().some((p) => p.bytes_done > 0 && p.current_files.length > 0),
    );
    const last = progress().at(-1);
    expect(last).toMatchObject({
      phase: "restoring",
      bytes_total: total_bytes,
    });
    expect(last?.current_files[0]).toStartWith(source);
    await server.command("job.cancel", { job_id: jobId });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "cancelled",
      error: {
        code: "cancelled",
        message: expect.stringMatching(
          /may be incomplete.*Replace files that differ/,
        ),
      },
    });
    expect(readdirSync(join(restic.repository.url, "locks"))).toEqual([]);
    const isBack = (name: string) => {
      const path = join(dir, "restored", source, name);
      const wanted = readFileSync(join(source, name));
      return existsSync(path) && readFileSync(path).equals(wanted);
    };
    const names = readdirSync(source);
    expect(names.every(isBack)).toBe(false);
    await rig.done(await rig.restore({ overwrite: "never" }));
    expect(names.every(isBack)).toBe(false);
    await rig.done(await rig.restore());
    expect(names.filter((name) => !isBack(name))).toEqual([]);
  }));

test("a restore does not wait for a backup that runs [RTR-05]", () =>
  withRig(
    async (rig) => {
      const { source } = rig;
      await backedUp(rig);
      await rig.configure();
      fill(source, 8);
      const backup = await rig.runNow();
      await running(rig);
      await rig.done(await rig.restore());
      expect(rig.events("job.done")).toHaveLength(1);
      expect((await rig.done(backup)).outcome).toBe("succeeded");
    },
    { slow: true },
  ));

test("of another host's repository nothing stays on this one [RTR-07]", () =>
  withRig(async (rig) => {
    const { dir, source } = rig;
    await backedUp(rig);
    const { output } = await rig.restic.byHand("snapshots", "--json");
    expect(output).toContain(source);
    expect((await rig.done(await rig.restore())).outcome).toBe("succeeded");
    const state = join(dir, "state");
    expect(readdirSync(join(state, "tmp"))).toEqual([]);
    expect(existsSync(join(state, "cache"))).toBe(false);
    const { password } = rig.restic.repository.credential;
    for (const file of readdirSync(state, {
      recursive: true,
      encoding: "utf8",
    })) {
      const path = join(state, file);
      if (statSync(path).isFile())
        expect(readFileSync(path).includes(password)).toBe(false);
    }
  }));
