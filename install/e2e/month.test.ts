import { expect, test } from "bun:test";
import { join } from "node:path";
import { root } from "./rig/places.ts";
import { output } from "./rig/repository.ts";

const script = join(root, "install/month/main.ts");

test("four days without a person, over a change of the clocks: every fire is done, caught up or told, upkeep keeps what restic would keep [SCH-03] [SCH-07] [AGT-06] [MNT-01] [MNT-07]", async () => {
  const { code, stdout, stderr } = await output(
    process.execPath,
    [script, "--few"],
    { PATH: process.env["PATH"] ?? "" },
  );

  expect(stdout, stderr).toMatch(/^desk .+ 5 +5 /m);
  expect(stdout).toMatch(/^laptop .+ 4 +2 .* asleep 2 +1 /m);
  expect(stdout).toMatch(/^remote .+ 4 +4 /m);
  expect([stdout.split("\n").at(-2), code], stderr).toEqual([
    "differences=0",
    0,
  ]);
}, 360_000);
