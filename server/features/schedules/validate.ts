import { AppError } from "../../app-error.ts";
import type { AppErrorDetails } from "../../app-error.ts";
import { cronProblem } from "./next-run.ts";

/** @throws AppError `cron_invalid` for a text that never fires: the agent would be silent about it. */
export function requireFires(cron: string, now: number): void {
  const problem = cronProblem(cron, now);
  if (problem === null) return;
  throw new AppError("cron_invalid", {
    message: `"${cron}" never fires; use five cron fields, for example 30 2 * * *.`,
    fields: { cron: { code: "invalid", message: problem } },
  });
}

/** @throws AppError `invalid_request` for a group that is named twice or is not of this host. */
export function requireGroups(
  groupIds: readonly string[],
  known: ReadonlySet<string>,
): void {
  const fields: NonNullable<AppErrorDetails["fields"]> = {};
  for (const [i, id] of groupIds.entries()) {
    const field = `group_ids.${i}`;
    if (!known.has(id)) {
      fields[field] = {
        code: "invalid",
        message: "This host has no such source group; reload the page.",
      };
    } else if (groupIds.indexOf(id) < i) {
      fields[field] = {
        code: "taken",
        message: "Choose each source group once.",
      };
    }
  }
  if (Object.keys(fields).length > 0) {
    throw new AppError("invalid_request", { fields });
  }
}
