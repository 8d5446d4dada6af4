import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { repositoryPassword } from "../e2e/rig/jobs.ts";
import { tool } from "../e2e/rig/places.ts";
import { output, snapshotsByHand } from "../e2e/rig/repository.ts";
import type { Keep } from "./story.ts";

/** Ids of a host's snapshots in a repository's folder. */
export async function snapshotsIn(
  dir: string,
  host: string,
): Promise<string[]> {
  const all = await snapshotsByHand(dir, repositoryPassword);
  return all.filter(({ hostname }) => hostname === host).map(({ id }) => id);
}

/** What one forget of restic's own would leave of everything that was ever made. */
export async function keptByRestic(
  twin: string,
  host: string,
  keep: Keep,
  zone: string,
): Promise<string[]> {
  for (const folder of ["locks", "index", "data"])
    mkdirSync(join(twin, folder), { recursive: true });
  const options = Object.entries(keep).map(
    ([name, count]) => `--keep-${name}=${count}`,
  );
  const { code, stdout, stderr } = await output(
    tool("restic"),
    [
      "--no-cache",
      "forget",
      "--dry-run",
      "--json",
      "--host",
      host,
      "--group-by",
      "host,tags",
      ...options,
    ],
    {
      TZ: zone,
      RESTIC_REPOSITORY: twin,
      RESTIC_PASSWORD: repositoryPassword,
    },
  );
  if (code !== 0) throw new Error(`restic forget: exit ${code} ${stderr}`);
  const groups = JSON.parse(stdout) as { keep: { id: string }[] | null }[];
  return groups.flatMap(({ keep: kept }) => (kept ?? []).map(({ id }) => id));
}
