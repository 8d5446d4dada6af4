/**
 * Everything that must pass before a change is taken: static checks, tests,
 * the build of every target, tests of the built executables. The last line
 * is always "N passed, N failed".
 */
import { checks } from "./lib/checks.ts";
import {
  type Count,
  countTests,
  failedTests,
  secondAttempts,
  sum,
} from "./lib/count-tests.ts";
import { root } from "./lib/paths.ts";
import { runCheck } from "./lib/run-check.ts";
import { run } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";

const bun = (...args: string[]) =>
  run(process.execPath, args, { cwd: root, loud: true });

/** What failed, by name: a long log is often cut in front of its end. */
const failures: string[] = [];
/** What passed at the second attempt only: a fault to find, and no reason to stop a change that did not bring it. */
const unsteady: string[] = [];

/** Does one step and says how long it took. */
const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  say(name);
  const start = performance.now();
  const result = await work();
  say(`${name}: ${Math.round((performance.now() - start) / 1000)} s`);
  return result;
};

const one = (name: string, ok: boolean): Count => {
  if (!ok) failures.push(name);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/** Runs a test script of the root package.json. */
const tests = (script: string): Promise<Count> =>
  step(`tests: ${script}`, async () => {
    const { stdout, stderr, code } = await bun("run", script);
    const count = countTests(stdout + stderr, code);
    unsteady.push(...secondAttempts(stdout + stderr));
    if (count.failed > 0)
      failures.push(script, ...failedTests(stdout + stderr));
    return count;
  });

await main(async () => {
  const counts: Count[] = [];
  await step("static checks", async () => {
    for (const check of checks)
      counts.push(one(`check ${check.name}`, await runCheck(check)));
  });
  // Server tests start the real broker, so the third-party programs come first.
  const built = await step(
    "build: every target",
    async () => (await bun("install/build.ts")).code === 0,
  );
  counts.push(one("build", built), await tests("unit"), await tests("compat"));
  if (built) counts.push(await tests("e2e"));
  const { passed, failed } = sum(counts);
  if (unsteady.length > 0)
    process.stdout.write(`unsteady:\n${unsteady.join("\n")}\n`);
  if (failed > 0) process.stdout.write(`failed:\n${failures.join("\n")}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
});
