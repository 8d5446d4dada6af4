import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Retention } from "@restic-manager/shared/domain/source.ts";
import { fill, repositoryId, rigIn, running } from "./testing/rig.ts";
import { startRestServer } from "./testing/rest-server.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";
import { childrenOf } from "./testing/processes.ts";
import {
  history,
  initialised,
  snapshotsOf,
  statsOf,
} from "./testing/upkeep.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const withRig = rigIn(tempDir);

const policies: { tag: string; retention: Retention; byHand: string }[] = [
  {
    tag: "photos",
    retention: { daily: 2, weekly: 2, monthly: 1, yearly: 1 },
    byHand: "--keep-daily 2 --keep-weekly 2 --keep-monthly 1 --keep-yearly 1",
  },
  {
    tag: "mail",
    retention: { hourly: 1, within: "3d", within_weekly: "14d", tags: ["x"] },
    byHand:
      "--keep-hourly 1 --keep-within 3d --keep-within-weekly 14d --keep-tag x",
  },
];

test("forget removes exactly what restic by hand removes from a copy of the repository [SRC-03]", () =>
  withRig(async (rig) => {
    const { restic } = rig;
    await initialised(rig);
    for (const { tag } of policies) await history(rig, 10, tag);
    const { url } = restic.repository;
    for (const { tag, retention, byHand } of policies) {
      const copy = join(tempDir(), "repo");
      cpSync(url, copy, { recursive: true });
      const args = ["--host", "endpoint", "--tag", tag];
      const at = ["-r", copy];
      await restic.byHand(
        ...at,
        "forget",
        ...args,
        "--group-by",
        "tags",
        ...byHand.split(" "),
      );
      const { output } = await restic.byHand(...at, "snapshots", "--json");
      const expected = (JSON.parse(output) as { id: string }[]).map(
        ({ id }) => id,
      );
      const groups = [{ host: "endpoint", tag, retention }];
      const done = await rig.done(await rig.upkeep("forget", { groups }));
      expect(done.outcome).toBe("succeeded");
      const left = (await snapshotsOf(rig)).map(({ id }) => id);
      // Snapshots of one time are listed in any order.
      expect(left.toSorted()).toEqual(expected.toSorted());
      expect(left.length).toBeLessThan(done.upkeep?.snapshots_before ?? 0);
    }
  }));

test("a wrong login of the admin credential is told as what it is, and nothing is removed [MNT-03]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 2, "photos");
    const htpasswd = join(rig.dir, "htpasswd");
    const digest = new Bun.CryptoHasher("sha1")
      .update("right")
      .digest("base64");
    writeFileSync(htpasswd, `admin:{SHA}${digest}\n`);
    const folder = join(rig.restic.repository.url, "..");
    const rest = await startRestServer(folder, { htpasswd });
    const { credential } = rig.restic.repository;
    const forget = async (user_password: string) =>
      rig.done(
        await rig.upkeep("forget", {
          url: rest.url,
          credential: { ...credential, username: "admin", user_password },
          groups: [{ host: "endpoint", tag: "photos", retention: { last: 1 } }],
        }),
      );
    expect(await forget("wrong")).toMatchObject({
      outcome: "failed",
      error: { code: "repository_denied" },
    });
    expect(await snapshotsOf(rig)).toHaveLength(2);
    expect((await forget("right")).outcome).toBe("succeeded");
    expect(await snapshotsOf(rig)).toHaveLength(1);
    await rest.stop();
  }));

test("a rest-server that goes away in the middle of a check and comes back costs nothing [RES-02]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    fill(rig.source, 4);
    await rig.restic.byHand("backup", rig.source);
    const folder = join(rig.restic.repository.url, "..");
    const rest = await startRestServer(folder);
    const jobId = await rig.upkeep("check", { url: rest.url, subset_pct: 100 });
    await running(rig);
    await rest.stop();
    await rest.start();
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "succeeded",
      upkeep: { errors: 0 },
    });
    await rest.stop();
    const dead = await rig.done(await rig.upkeep("prune", { url: rest.url }));
    expect(dead).toMatchObject({
      outcome: "failed",
      error: { code: "repository_unreachable" },
    });
  }));

test("an agent killed in the middle of a forget reports it lost, the repository stays whole, and the next forget ends the work [MNT-02]", () =>
  withRig(async (rig) => {
    await rig.restic.byHand("init");
    await history(rig, 8, "photos");
    const agent = rig.start();
    await rig.online();
    const groups = [
      { host: "endpoint", tag: "photos", retention: { last: 1 } },
    ];
    const jobId = await rig.upkeep("forget", { groups });
    await until("restic's start", () => childrenOf(agent.pid ?? 0).length > 0);
    process.kill(agent.pid ?? 0, "SIGKILL");
    await agent.exited;
    rig.start();
    expect(await rig.done(jobId)).toMatchObject({
      outcome: "lost",
      kind: "forget",
      repository_id: repositoryId,
    });
    const again = await rig.done(await rig.upkeep("forget", { groups }));
    expect(again.outcome).toBe("succeeded");
    expect(await snapshotsOf(rig)).toHaveLength(1);
    expect((await rig.restic.byHand("check")).code).toBe(0);
  }));

test("the same job ordered again is refused and runs once, also after its end", () =>
  withRig(async (rig) => {
    await initialised(rig);
    const jobId = await rig.upkeep("unlock");
    await rig.done(jobId);
    await expect(rig.upkeep("unlock", {}, jobId)).rejects.toThrow(
      "command_repeated",
    );
    expect(rig.events("job.started")).toHaveLength(1);
  }));

test("a backup tells the size of its repository once an hour, and keeps what a check found [REP-01]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await rig.configure();
    await rig.done(await rig.upkeep("check"));
    const checked = statsOf(rig).check;
    expect(checked?.ok).toBe(true);
    const jobId = await rig.runNow();
    const done = await rig.done(jobId);
    expect(done.outcome).toBe("succeeded");
    expect(statsOf(rig)).toMatchObject({
      check: checked,
      snapshot_count: 1,
      raw_size: expect.any(Number),
    });
    const [first, second] = [done, await rig.done(await rig.runNow())].map(
      ({ job_id }) =>
        rig
          .events("job.done")
          .find(({ p }) => (p as { job_id: string }).job_id === job_id)?.seq,
    );
    const between = rig
      .events("repo.stats")
      .filter(({ seq }) => seq > (first ?? 0) && seq < (second ?? 0));
    expect(between.map(({ p }) => (p as { stats: unknown }).stats)).toEqual([
      { snapshot_count: 2 },
    ]);
  }));
