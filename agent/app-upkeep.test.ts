import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { rigIn } from "./testing/rig.ts";
import { history, initialised, snapshotsOf, textOf } from "./testing/upkeep.ts";
import { startRestServer } from "./testing/rest-server.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import type {
  JobStarted,
  RepoStats,
  SnapshotPart,
} from "@restic-manager/shared/protocol/event.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("forget applies each group's own policy in one job, and says what it removed [MNT-02]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    await history(rig, 4, "photos");
    await history(rig, 3, "mail");
    await history(rig, 2, "kept");
    const jobId = await rig.upkeep("forget", {
      groups: [
        { host: "endpoint", tag: "photos", retention: { last: 1 } },
        { host: "endpoint", tag: "mail", retention: { last: 2 } },
        { host: "endpoint", tag: "kept", retention: {} },
      ],
    });
    const done = await rig.done(jobId);
    expect(done).toMatchObject({
      kind: "forget",
      outcome: "succeeded",
      error: null,
      upkeep: {
        groups: [
          { host: "endpoint", tag: "photos", kept: 1, removed: 3 },
          { host: "endpoint", tag: "mail", kept: 2, removed: 1 },
        ],
        snapshots_before: 9,
        snapshots_after: 5,
      },
    });
    const [started] = rig.events("job.started").map(({ p }) => p as JobStarted);
    expect(started?.command).toBe(
      "restic forget --json --host endpoint --tag photos --group-by tags --keep-last 1",
    );
    const left = (await snapshotsOf(rig)).map(({ tags }) => tags[0]);
    expect(left.sort()).toEqual(["kept", "kept", "mail", "mail", "photos"]);
    expect(textOf(rig, jobId)).toContain(
      "Source group kept of endpoint has no retention policy",
    );
    const parts = rig.events("snap.part").map(({ p }) => p as SnapshotPart);
    expect(parts.at(-1)?.snapshots).toHaveLength(5);
  }));

test("one append-only access cannot forget, another access to the same repository can [MNT-03]", () =>
  withRig(async (rig) => {
    const { restic } = rig;
    const folder = join(restic.repository.url, "..");
    await initialised(rig);
    await history(rig, 3, "photos");
    const groups = [
      { host: "endpoint", tag: "photos", retention: { last: 1 } },
    ];
    const locked = await startRestServer(folder, { appendOnly: true });
    const open = await startRestServer(folder);
    const refused = await rig.done(
      await rig.upkeep("forget", { url: locked.url, groups }),
    );
    expect(refused).toMatchObject({
      outcome: "failed",
      error: { code: "delete_refused" },
    });
    expect(await snapshotsOf(rig)).toHaveLength(3);
    const done = await rig.done(
      await rig.upkeep("forget", { url: open.url, groups }),
    );
    expect(done).toMatchObject({ outcome: "succeeded" });
    expect(await snapshotsOf(rig)).toHaveLength(1);
    for (const url of [locked.url, open.url]) {
      const pruned = await rig.done(await rig.upkeep("prune", { url }));
      expect(pruned.error?.code ?? pruned.outcome).toBe(
        url === locked.url ? "delete_refused" : "succeeded",
      );
    }
    const stats = rig.events("repo.stats").map(({ p }) => p as RepoStats);
    expect(stats.at(-1)?.stats.pruned_at).toBeString();
    await locked.stop();
    await open.stop();
  }));
