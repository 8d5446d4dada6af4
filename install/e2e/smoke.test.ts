import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { root, serverFile } from "./rig/places.ts";
import { output } from "./rig/repository.ts";

const script = join(root, "install/smoke.ts");
const built = dirname(serverFile);

test("the smoke run: fresh install, enrolment, backup, restore, upgrade, and back, each step said with its time; a folder without executables is refused [TST-10]", async () => {
  const run = (...args: string[]) =>
    output(process.execPath, [script, ...args], {
      PATH: process.env["PATH"] ?? "",
    });

  const { code, stdout, stderr } = await run("--old", built, "--new", built);
  expect(stdout, stderr).toMatch(
    /^smoke: \d+ steps passed, 0 failed in \d+ s\n$/,
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^pass +\d+\.\d s {2}roll back: the agent is replaced/m,
  );
  expect(stderr).toContain("nothing is lost");

  const empty = await run("--old", import.meta.dir);
  expect([empty.code, empty.stdout]).toEqual([1, ""]);
  expect(empty.stderr).toContain("restic-manager-server is missing");
}, 120_000);
