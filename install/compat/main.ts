/**
 * Runs what must hold with every restic with each of them, through the agent's own code.
 *
 *   bun install/compat/main.ts            every version
 *   bun install/compat/main.ts 0.14 0.19  these alone
 *   bun install/compat/main.ts --short …  what differs most between restics, for every run
 *
 * The last lines are the numbers of tests that passed and failed, as `bun test` writes them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { main, say } from "../lib/step.ts";
import { readJunit, table, type Outcome } from "./report.ts";
import { versions } from "./versions.ts";

const short = ["agent/app-compat.test.ts"];
const tests = [
  ...short,
  "agent/app-locks.test.ts",
  "agent/app-upkeep.test.ts",
  "agent/app-upkeep-check.test.ts",
  "agent/app-upkeep-faults.test.ts",
];

/** This machine cannot have it: as bad as a test that fails, and the others are run. */
const missing = (error: unknown): readonly Outcome[] => {
  say(error instanceof Error ? error.message : String(error));
  return [{ name: "it is there", passed: false }];
};

/** All tests with one restic. A file that cannot be loaded is a failure of that name. */
const runIn =
  (dir: string, files: readonly string[]) =>
  async (restic: string): Promise<readonly Outcome[]> => {
    const report = join(dir, "report.xml");
    const { code, stdout, stderr } = await run(
      process.execPath,
      [
        "test",
        "--parallel=2",
        "--timeout",
        "180000",
        "--reporter=junit",
        `--reporter-outfile=${report}`,
        ...files.map((path) => `./${path}`),
      ],
      { cwd: root, env: { RM_TEST_RESTIC: restic } },
    );
    const outcomes = readJunit(readFileSync(report, "utf8"));
    rmSync(report);
    const isWhole = code === 0 || outcomes.some(({ passed }) => !passed);
    if (code !== 0) say(`${stdout}${stderr}`.trim());
    return isWhole
      ? outcomes
      : [...outcomes, { name: "every file can be loaded", passed: false }];
  };

await main(async () => {
  const isShort = process.argv.includes("--short");
  const asked = process.argv.slice(2).filter((word) => word !== "--short");
  const unknown = asked.filter((line) =>
    versions.every((version) => version.line !== line),
  );
  if (unknown.length > 0)
    throw new Error(
      `no restic ${unknown.join(", ")}; there are ${versions.map(({ line }) => line).join(", ")}`,
    );
  const dir = mkdtempSync(join(tmpdir(), "rm-compat-"));
  const results = new Map<string, readonly Outcome[]>();
  for (const { line, source, find } of versions) {
    if (asked.length > 0 && !asked.includes(line)) continue;
    say(`tests with restic ${source}`);
    results.set(
      line,
      await find().then(runIn(dir, isShort ? short : tests), missing),
    );
  }
  rmSync(dir, { recursive: true });
  const all = [...results.values()].flat();
  const passed = all.filter((outcome) => outcome.passed).length;
  const failed = all.length - passed;
  process.stdout.write(
    `${table(results)}\n\n ${passed} pass\n ${failed} fail\n`,
  );
  return failed === 0 && passed > 0 ? 0 : 1;
});
