/**
 * Runs the static checks: all, or those whose name starts with an argument.
 *
 *   bun install/check.ts            fmt, types, lint, arch
 *   bun install/check.ts types
 */
import { runCheck } from "./lib/run-check.ts";
import { checks } from "./lib/checks.ts";
import { main, say } from "./lib/step.ts";

await main(async () => {
  const wanted = process.argv.slice(2);
  const chosen = checks.filter(
    ({ name }) =>
      wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)),
  );
  if (chosen.length === 0)
    throw new Error(`no such check: ${wanted.join(" ")}`);
  let failed = 0;
  for (const check of chosen) if (!(await runCheck(check))) failed += 1;
  say(`${chosen.length - failed} checks passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
