import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { JobDone } from "@restic-manager/shared/protocol/event.ts";
import { processIds, processText } from "./testing/processes.ts";
import { repositoryId, rigIn, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";
import { history, initialised, statsOf, textOf } from "./testing/upkeep.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

function check(rig: Rig, subset_pct: number): Promise<JobDone> {
  return rig.upkeep("check", { subset_pct }).then(rig.done);
}

/** Changes a byte in the largest file of a folder, as a failing disk does. */
function damage(folder: string): void {
  const packs = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => readFileSync(b).length - readFileSync(a).length);
  const bytes = readFileSync(packs[0] ?? "");
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(packs[0] ?? "", bytes);
}

test("check reads the structure, a part or all of the data, and tells how the repository stands [MNT-04] [REP-02]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 2, "photos");
    for (const [subset, read] of [
      [0, 0],
      [2.5, 2.5],
      [100, 100],
    ] as const) {
      const done = await check(rig, subset);
      expect(done).toMatchObject({
        kind: "check",
        outcome: "succeeded",
        upkeep: { subset_pct: read, errors: 0 },
      });
    }
    const byHand = async (mode: string) => {
      const { output } = await rig.restic.byHand(
        "stats",
        "--mode",
        mode,
        "--json",
      );
      return (JSON.parse(output) as { total_size: number }).total_size;
    };
    expect(statsOf(rig)).toEqual({
      check: { at: expect.any(String), ok: true, errors: 0 },
      locks: [],
      raw_size: await byHand("raw-data"),
      total_size: await byHand("restore-size"),
    });
    const last = rig.events("job.done").at(-1)?.seq ?? 0;
    const stats = rig.events("repo.stats").at(-1)?.seq ?? 0;
    const log = rig.events("log").at(-1)?.seq ?? 0;
    expect([log, stats, last]).toEqual(
      [log, stats, last].sort((a, b) => a - b),
    );
  }));

test("a damaged repository fails the check, and the log names what is broken [MNT-04]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 1, "photos");
    damage(join(rig.restic.repository.url, "data"));
    const jobId = await rig.upkeep("check", { subset_pct: 100 });
    const done = await rig.done(jobId);
    expect(done).toMatchObject({
      outcome: "failed",
      error: { code: "repository_damaged" },
    });
    expect(done.upkeep?.errors).toBeGreaterThan(0);
    expect(statsOf(rig).check).toMatchObject({ ok: false });
    const issues = rig.log(jobId).filter(({ k }) => k === "error");
    expect(issues.map(({ l }) => l).join()).toMatch(/[Pp]ack/);
  }));

test("upkeep that cannot open the repository says why within its first minute, and removes nothing [MNT-03]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    const { credential } = rig.restic.repository;
    const refusals = {
      wrong_password: { credential: { ...credential, password: "wrong" } },
      repository_missing: { url: join(rig.dir, "nothing") },
      repository_other: { restic_id: "0".repeat(64) },
      retention_empty: { groups: [] },
    };
    for (const [code, secret] of Object.entries(refusals)) {
      const groups = [{ host: "h", tag: "t", retention: { last: 1 } }];
      const jobId = await rig.upkeep("forget", { groups, ...secret });
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "failed",
        error: { code },
      });
    }
  }));

test("a repository is created anew where none is, and one that is there stays as it is [REP-04]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 1, "photos");
    const again = await rig.done(await rig.upkeep("init"));
    expect(again).toMatchObject({
      outcome: "failed",
      error: { code: "repository_exists" },
    });
    expect((await rig.restic.byHand("snapshots")).code).toBe(0);
    const url = join(rig.dir, "anew");
    const made = await rig.done(await rig.upkeep("init", { url }));
    expect(made).toMatchObject({ kind: "init", outcome: "succeeded" });
    expect(statsOf(rig)).toMatchObject({
      restic_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      snapshot_count: 0,
    });
    expect(rig.events("snap.part").at(-1)?.p).toMatchObject({
      repository_id: repositoryId,
      snapshots: [],
    });
  }));

test("a repository made by an attempt whose end was lost is found by the next one, and used as it is [REP-04]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 1, "photos");
    const restic_id = "d".repeat(64);
    const refused = await rig.done(await rig.upkeep("check", { restic_id }));
    expect(refused.error?.code).toBe("repository_other");
    const jobId = await rig.upkeep("init", { restic_id });
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded",
      error: null,
    });
    expect(textOf(rig, jobId)).toContain("not the one that was known");
    const { restic_id: found, snapshot_count } = statsOf(rig);
    expect(snapshot_count).toBe(1);
    const again = await rig.upkeep("check", { restic_id: found ?? null });
    expect((await rig.done(again)).outcome).toBe("succeeded");
  }));

test("the secret of upkeep is in no command line, file, log or message, during and after the job [CRD-04] [RST-02]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 3, "photos");
    const secret = rig.restic.repository.credential.password;
    const jobId = await rig.upkeep("prune");
    const seen = new Set<string>();
    await until("the end of the prune", () => {
      for (const pid of processIds()) seen.add(processText(pid, "cmdline"));
      return rig.events("job.done").length > 0;
    });
    expect(await rig.done(jobId)).toMatchObject({ outcome: "succeeded" });
    expect([...seen].some((line) => line.includes("\0prune\0"))).toBe(true);
    expect([...seen].filter((line) => line.includes(secret))).toEqual([]);
    const files = readdirSync(rig.dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((path) => readFileSync(path).includes(secret))).toEqual(
      [],
    );
    expect(JSON.stringify(rig.server.events())).not.toContain(secret);
    expect(textOf(rig, jobId)).toContain("restic prune");
    const environments = processIds().map((pid) => processText(pid, "environ"));
    // What the test itself runs by hand has a cache of its own.
    const own = environments.filter(
      (text) => text.includes(rig.dir) && !text.includes("by-hand/cache"),
    );
    expect(own.filter((text) => text.includes(secret))).toEqual([]);
  }));
