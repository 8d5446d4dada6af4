import { expect, setDefaultTimeout, test } from "bun:test";
import { fill, rigIn } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

const kibibytes = (bytes: number) => bytes / 1024;

test("a backup keeps to the host's cap, and to its own instead when it has one [SCH-08]", () =>
  withRig(async (rig) => {
    await rig.restic.byHand("init");
    fill(rig.source, 4);
    rig.start();
    await rig.online();
    await rig.configure({}, { limits: { up_kbps: 1024, down_kbps: null } });

    const cappedId = await rig.runNow();
    const capped = await rig.done(cappedId);
    expect(rig.log(cappedId)[0]?.l).toStartWith(
      "restic --limit-upload 1024 backup --json",
    );
    const { data_added = 0, total_duration = 0 } = capped.stats ?? {};
    // restic lets through one second's worth at once, in the beginning.
    const rate = (kibibytes(data_added) - 1024) / total_duration;
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(1024 * 1.2);

    fill(rig.source, 4);
    const free = await rig.done(
      await rig.runNow({ up_kbps: null, down_kbps: null }),
    );
    expect(free.outcome).toBe("succeeded");
    expect(free.stats?.total_duration ?? 99).toBeLessThan(total_duration);
  }));
