import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { z } from "zod";
import { restoreCheckResult } from "@restic-manager/shared/api/restores.ts";
import {
  repoKeyResult,
  type RestoreCheckSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { startRestServer } from "./testing/rest-server.ts";
import { testEnv } from "./testing/programs.ts";
import { rigIn, type Rig } from "./testing/rig.ts";
import { initialised, snapshotsOf } from "./testing/upkeep.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

const into = (path: string) => ({ mode: "new_directory", path }) as const;

async function backedUp(rig: Rig): Promise<void> {
  await initialised(rig);
  writeFileSync(join(rig.source, "second.txt"), "second");
  await rig.restic.byHand("backup", rig.source);
}

async function wanted(rig: Rig, change: Partial<RestoreCheckSecret> = {}) {
  const [snapshot] = await snapshotsOf(rig);
  return {
    snapshot_id: snapshot?.id ?? "",
    paths: [rig.source],
    target: into(join(rig.dir, "restored")),
    overwrite: "if-changed",
    strip: null,
    total_bytes: null,
    ...change,
  };
}

async function check(
  rig: Rig,
  change: Partial<RestoreCheckSecret> = {},
): Promise<z.infer<typeof restoreCheckResult>> {
  const secret = await wanted(rig, change);
  const answer = await rig.sealed("restore.check", secret);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return restoreCheckResult.parse(answer.result);
}

test("before a restore into a new folder the host says where, how much and whether it may [RTR-02]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const path = "~/rm-restore-of-a-test/<job-id>";
    const found = await check(rig, { target: into(path) });
    expect(found).toMatchObject({
      target: join(testEnv["HOME"] ?? "", path.slice(2)),
      target_state: "absent",
      space_needed: 11,
      sets_owners: true,
      dry_run: {
        restored: 2,
        updated: 0,
        unchanged: 0,
        bytes: 11,
        overwritten: [],
      },
      dry_run_problem: null,
      warnings: [],
    });
    expect(found.space_free).toBeGreaterThan(0);
    expect(
      existsSync(join(testEnv["HOME"] ?? "", "rm-restore-of-a-test")),
    ).toBe(false);
  }));

test("what would be overwritten is named before, and what is the same counted [RTR-04]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const letter = join(rig.source, "letter.txt");
    writeFileSync(letter, "changed since");
    const found = await check(rig, { target: { mode: "in_place" } });
    expect(found).toMatchObject({
      target: null,
      target_state: "not_empty",
      dry_run: {
        restored: 0,
        updated: 1,
        unchanged: 1,
        bytes: 5,
        overwritten: [letter],
      },
    });
    expect(readFileSync(letter, "utf8")).toBe("changed since");
    expect(readdirSync(join(rig.restic.repository.url, "locks"))).toEqual([]);
  }));

test("a target that is full of something, or too small, or no folder, is warned of [RTR-02]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    mkdirSync(join(rig.dir, "restored"));
    writeFileSync(join(rig.dir, "restored", "mine"), "mine");
    const full = await check(rig, {
      total_bytes: 2 ** 60,
      url: null,
      credential: null,
    });
    expect(full).toMatchObject({ target_state: "not_empty", dry_run: null });
    expect(full.warnings.join(" ")).toContain("is not empty");
    expect(full.warnings.join(" ")).toContain("free, and the files take");
    const file = join(rig.dir, "restored", "mine");
    const none = await check(rig, { target: into(file) });
    expect(none).toMatchObject({
      target_state: "not_writable",
      warnings: [expect.stringContaining(file)],
    });
  }));

test("a check names a snapshot or a file that is gone, and refuses a variable in the path [RTR-03]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const refusal = async (change: Partial<RestoreCheckSecret>) => {
      const secret = await wanted(rig, change);
      const answer = await rig.sealed("restore.check", secret);
      return answer.ok ? null : answer.code;
    };
    expect(await refusal({ snapshot_id: "ab".repeat(32) })).toBe(
      "snapshot_missing",
    );
    expect(await refusal({ paths: ["/nowhere"] })).toBe("path_missing");
    expect(await refusal({ paths: [`${rig.source}/../..`] })).toBe(
      "path_missing",
    );
    // Its own server never sends this one.
    expect(await refusal({ target: into("/srv/$PATH") })).toBe("internal");
  }));

test("another password is added for one restore and taken away again [RTR-07]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const { restic } = rig;
    const label = "rm-01arz3ndektsv4rrffq69g5fav";
    const add = { do: "add", new_password: "for one restore", label };
    const added = await rig.sealed("repo.key", add);
    const { key_id } = repoKeyResult.parse(added.ok ? added.result : null);
    expect(key_id).toMatch(/^[0-9a-f]{8,64}$/);
    const credential = { password: "for one restore", env: {} };
    expect(await rig.done(await rig.restore({ credential }))).toMatchObject({
      outcome: "succeeded",
    });
    const keys = async () =>
      (await restic.byHand("key", "list", "--json")).output;
    expect(await keys()).toContain(label);
    const remove = { do: "remove", key_id, label };
    expect(await rig.sealed("repo.key", remove)).toMatchObject({ ok: true });
    expect(await keys()).not.toContain(label);
    expect(await rig.done(await rig.restore({ credential }))).toMatchObject({
      error: { code: "wrong_password" },
    });
    // Again, and one whose number got lost.
    expect(await rig.sealed("repo.key", remove)).toMatchObject({ ok: true });
    await rig.sealed("repo.key", add);
    const byLabel = { ...remove, key_id: null };
    expect(await rig.sealed("repo.key", byLabel)).toMatchObject({ ok: true });
    expect(await keys()).not.toContain(label);
    expect(JSON.parse(await keys())).toHaveLength(1);
  }));

test("a key that this access may not delete is said to be there still [RTR-07]", () =>
  withRig(async (rig) => {
    await backedUp(rig);
    const folder = join(rig.restic.repository.url, "..");
    const server = await startRestServer(folder, { appendOnly: true });
    const { url } = server;
    const label = "rm-label";
    const added = await rig.sealed("repo.key", {
      url,
      do: "add",
      new_password: "for one restore",
      label,
    });
    expect(added.ok).toBe(true);
    const removed = await rig.sealed("repo.key", {
      url,
      do: "remove",
      key_id: null,
      label,
    });
    expect(removed).toMatchObject({ ok: false, code: "delete_refused" });
    await server.stop();
  }));
