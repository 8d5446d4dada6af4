import { readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { rigIn } from "./testing/rig.ts";
import { initialised, textOf } from "./testing/upkeep.ts";
import { createTempDirs } from "./testing/temp-dir.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("a restore into a new folder brings back bytes, times and counts [RTR-03]", () =>
  withRig(async (rig) => {
    await initialised(rig);
    const { restic, source, dir } = rig;
    utimesSync(join(source, "letter.txt"), 1_700_000_000, 1_700_000_000);
    await restic.byHand("backup", source);
    const target = join(dir, "out", "<job-id>");
    const jobId = await rig.restore({
      target: { mode: "new_directory", path: target },
    });
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
