/*
 * What must hold with every restic that agents work with: `just compat` runs this file with each, the unit tests with the
 * current one.
 */
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  limitsOf,
  type ResticLimit,
} from "@restic-manager/shared/domain/restic-version.ts";
import type {
  JobDone,
  SnapshotPart,
} from "@restic-manager/shared/protocol/event.ts";
import { resticPath } from "./testing/programs.ts";
import { startRestServer, type RestServer } from "./testing/rest-server.ts";
import { fill, repositoryId, rigIn, running, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";
import { initialised, textOf } from "./testing/upkeep.ts";

// Real processes on a busy machine.
setDefaultTimeout(180_000);
const withRig = rigIn(createTempDirs());

const backup = async (rig: Rig): Promise<JobDone> =>
  rig.done(await rig.runNow());
const locksIn = ({ restic }: Rig) =>
  readdirSync(join(restic.repository.url, "locks"));
const snapshotsSeen = (rig: Rig) =>
  (rig.events("snap.part").at(-1)?.p as SnapshotPart | undefined)?.snapshots ??
  [];

async function versionOf(rig: Rig): Promise<string> {
  const { output } = await rig.restic.byHand("version");
  return /\d+\.\d+\.\d+/.exec(output)?.[0] ?? "";
}

test("a backup is made, listed and sound, and it is said what this restic cannot tell of it [TST-02] [RST-06]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await rig.configure();
    const done = await backup(rig);
    expect(done).toMatchObject({ outcome: "succeeded", exit_code: 0 });
    expect(done.stats).toMatchObject({ files_new: 1, errors: 0 });
    const [snapshot] = snapshotsSeen(rig);
    expect(snapshot?.id).toBe(done.stats?.snapshot_id ?? "");
    expect((await rig.restic.byHand("check", "--read-data")).code).toBe(0);

    const limits = limitsOf(await versionOf(rig));
    const cannot = (limit: ResticLimit) => limits.includes(limit);
    expect(snapshot?.size_bytes == null).toBe(cannot("snapshot_size"));
    expect(done.stats?.data_added_packed === undefined).toBe(
      cannot("added_packed"),
    );
    const waits = await rig.restic.byHand("--retry-lock", "1s", "snapshots");
    expect(waits.code !== 0).toBe(cannot("lock_wait"));
    const nowhere = ["-r", join(rig.dir, "nowhere"), "snapshots"];
    expect((await rig.restic.byHand(...nowhere)).code === 1).toBe(
      cannot("reasons"),
    );
  }));

test("one of two paths is missing: an issue; both: a failure, and nothing is stored [RST-04]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    const gone = join(rig.dir, "gone");
    await rig.configure({ includes: [rig.source, gone] });
    expect(await backup(rig)).toMatchObject({
      outcome: "succeeded_with_issues",
      error: { code: "source_partly_missing" },
    });
    await rig.configure({ includes: [gone, join(rig.dir, "gone too")] });
    expect(await backup(rig)).toMatchObject({
      outcome: "failed",
      error: { code: "source_missing" },
      stats: null,
    });
    const { output } = await rig.restic.byHand("snapshots", "--json");
    expect(JSON.parse(output)).toHaveLength(1);
  }));

/** A restic that may not read everything, as one that does not run as root. */
function humble(dir: string): string {
  const path = join(dir, "restic");
  const drop = "--bounding-set=-dac_override,-dac_read_search";
  const as = process.getuid?.() === 0 ? `setpriv ${drop} ` : "";
  const script = `#!/bin/sh\nexec ${as}"${resticPath()}" "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

const tempDir = createTempDirs();

test("a file that may not be read is an issue that the log names [RST-03]", () =>
  withRig(
    async (rig) => {
      await initialised(rig);
      await rig.configure();
      const secret = join(rig.source, "secret.txt");
      writeFileSync(secret, "for nobody");
      chmodSync(secret, 0o000);
      const jobId = await rig.runNow();
      expect(await rig.done(jobId)).toMatchObject({
        outcome: "succeeded_with_issues",
        error: { code: "source_unreadable" },
        stats: { errors: 1 },
      });
      const errors = rig.log(jobId).filter(({ k }) => k === "error");
      expect(errors.some(({ l }) => l.includes(secret))).toBe(true);
    },
    { restic_path: humble(tempDir()) },
  ));

test("a repository that is not there, and another password, are told apart [RST-03]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    const { url, credential } = rig.restic.repository;
    const use = async (change: { url?: string; password?: string }) => {
      const password = change.password ?? credential.password;
      await rig.configure(
        {},
        {
          repositories: [
            {
              id: repositoryId,
              name: "local",
              url: change.url ?? url,
              credential: { ...credential, password },
            },
          ],
        },
      );
      return (await backup(rig)).error?.code;
    };
    expect(await use({ url: join(rig.dir, "nowhere") })).toBe(
      "repository_missing",
    );
    expect(await use({ password: "not this one" })).toBe("wrong_password");
    expect(await use({})).toBeUndefined();
  }));

test("a cancelled backup is over within 45 s, leaves no lock, and the next one succeeds [JOB-07]", () =>
  withRig(
    async (rig) => {
      await initialised(rig);
      fill(rig.source, 4);
      await rig.configure();
      const jobId = await rig.runNow();
      await running(rig);
      const job = { job_id: jobId };
      expect(await rig.server.command("job.cancel", job)).toMatchObject({
        ok: true,
      });
      const done = await rig.done(jobId);
      expect(done).toMatchObject({
        outcome: "cancelled",
        error: { code: "cancelled" },
      });
      const took = Date.parse(done.finished_at) - Date.parse(done.started_at);
      expect(took).toBeLessThan(45_000);
      expect(locksIn(rig)).toEqual([]);
      for (const name of readdirSync(rig.source).filter(
        (n) => n !== "letter.txt",
      ))
        rmSync(join(rig.source, name));
      expect(await backup(rig)).toMatchObject({ outcome: "succeeded" });
      expect(locksIn(rig)).toEqual([]);
    },
    { slow: true },
  ));

/** A line of an htpasswd file. */
function login(user: string, password: string): string {
  const hash = createHash("sha1").update(password).digest("base64");
  return `${user}:{SHA}${hash}\n`;
}

/** Backs up to a rest-server by name and password. */
async function useRest(
  rig: Rig,
  rest: RestServer,
  login: { username?: string; user_password?: string } = {},
): Promise<void> {
  const credential = { ...rig.restic.repository.credential, ...login };
  const repository = { id: repositoryId, name: "rest", url: rest.url };
  await rig.configure({}, { repositories: [{ ...repository, credential }] });
}

test("a rest-server without space fails a backup, at once where restic can [RST-03] [RST-06]", () =>
  withRig(async (rig) => {
    const folder = join(rig.restic.repository.url, "..");
    // It looks at once how much is there.
    await initialised(rig);
    const rest = await startRestServer(folder, { maxBytes: 1_000_000 });
    try {
      fill(rig.source, 2);
      await useRest(rig, rest);
      const jobId = await rig.runNow();
      const isTrying = () => textOf(rig, jobId).includes("retrying after");
      const ends = () => rig.events("job.done").length > 0;
      await until("a word of restic", () => isTrying() || ends(), 60_000);
      const limits = limitsOf(await versionOf(rig));
      expect(isTrying()).toBe(limits.includes("disk_full"));
      if (isTrying()) await rig.server.command("job.cancel", { job_id: jobId });
      expect(await rig.done(jobId)).toMatchObject(
        isTrying()
          ? { outcome: "cancelled" }
          : { outcome: "failed", error: { code: "repository_full" } },
      );
    } finally {
      await rest.stop();
    }
  }));

test("a rest-server with users takes its user, and nobody else [RST-02] [RST-03]", () =>
  withRig(async (rig) => {
    const htpasswd = join(rig.dir, "htpasswd");
    writeFileSync(htpasswd, login("nas", "open sesame"));
    const folder = join(rig.restic.repository.url, "..");
    const rest = await startRestServer(folder, { htpasswd });
    try {
      await initialised(rig);
      const backupAs = async (user_password: string) => {
        await useRest(rig, rest, { username: "nas", user_password });
        return backup(rig);
      };
      expect(await backupAs("open sesame")).toMatchObject({
        outcome: "succeeded",
      });
      expect(snapshotsSeen(rig)).toHaveLength(1);
      expect(await backupAs("guessed")).toMatchObject({
        outcome: "failed",
        error: { code: "repository_denied" },
      });
      expect(JSON.stringify(rig.server.events())).not.toContain("sesame");
    } finally {
      await rest.stop();
    }
  }));
