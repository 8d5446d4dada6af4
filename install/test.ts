/**
 * Everything that must pass before a change is taken: static checks, tests,
 * the build of every target, tests of the built executables. The last line
 * is always "N passed, N failed".
 */
import { checks } from "./lib/checks.ts";
import { countTests, sum, type Count } from "./lib/count-tests.ts";
import { root } from "./lib/paths.ts";
import { runCheck } from "./lib/run-check.ts";
import { run } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";

const bun = (...args: string[]) =>
  run(process.execPath, args, { cwd: root, loud: true });

const one = (ok: boolean): Count =>
  ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

/** Runs a test script of the root package.json. */
const tests = async (script: string): Promise<Count> => {
  say(`tests: ${script}`);
  const result = await bun("run", script);
  return countTests(result.stdout + result.stderr, result.code);
};

const build = async (): Promise<boolean> => {
  say("build: every target");
  return (await bun("install/build.ts")).code === 0;
};

await main(async () => {
  const counts: Count[] = [];
  for (const check of checks) counts.push(one(await runCheck(check)));
  // Server tests start the real broker, so the third-party programs come first.
  const built = await build();
  counts.push(one(built), await tests("unit"), await tests("compat"));
  if (built) counts.push(await tests("e2e"));
  const { passed, failed } = sum(counts);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
});
