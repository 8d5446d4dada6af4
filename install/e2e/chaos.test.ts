import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "./rig/places.ts";
import { output } from "./rig/repository.ts";

const script = join(root, "install/chaos/main.ts");
/** A short plan with a bit of everything; `just chaos --minutes 60` runs the long ones. */
const plan = ["--minutes", "0.3", "--agents", "2", "--seed", "7"];

test("after kills, cut links, a full disk, wrong clocks and an older database, journals, history and repositories agree [RES-11] [JOB-05] [TRN-06]", async () => {
  const { code, stdout, stderr } = await output(
    process.execPath,
    [script, ...plan],
    { PATH: process.env["PATH"] ?? "" },
  );

  expect([stdout, code], stderr).toEqual([
    expect.stringMatching(
      /^runs=1 kills=[1-9]\d* lost=0 duplicated=0 stuck=0$/m,
    ),
    0,
  ]);
}, 240_000);
