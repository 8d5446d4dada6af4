import type { Check } from "./checks.ts";
import { root } from "./paths.ts";
import { run } from "./run.ts";
import { say } from "./step.ts";

/** Silent when the check holds, its whole output when it does not. */
export const runCheck = async (check: Check): Promise<boolean> => {
  const result = await run(process.execPath, check.args, { cwd: root });
  if (result.code === 0) return true;
  say(`${result.stdout}${result.stderr}`.trimEnd());
  say(`check failed: ${check.name}`);
  return false;
};
