import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { statsArgs } from "./args.ts";
import { capture, succeeded } from "./capture.ts";
import type { ResticCall, ResticRunner } from "./run.ts";

const resticStats = z.object({ total_size: z.number() });

/**
 * Bytes a repository takes (`raw-data`), or its snapshots would take when restored (`restore-size`). Null when restic could not
 * say so in time.
 */
export async function readSize(
  runner: ResticRunner,
  mode: "raw-data" | "restore-size",
  call: Pick<ResticCall, "repository" | "limitMs" | "signal" | "limits">,
): Promise<number | null> {
  const { end, stdout } = await capture(runner, {
    ...call,
    args: statsArgs(mode),
  });
  return succeeded(end)
    ? (parseJson(stdout, resticStats)?.total_size ?? null)
    : null;
}
