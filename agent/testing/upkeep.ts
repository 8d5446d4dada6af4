import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "bun:test";
import type { RepoStats } from "@restic-manager/shared/protocol/event.ts";
import type { RepositoryStats } from "@restic-manager/shared/domain/maintenance.ts";
import type { Rig } from "./rig.ts";

/** A repository that is there, and an agent that is online and has no configuration. */
export async function initialised(rig: Rig): Promise<void> {
  await rig.restic.byHand("init");
  rig.start();
  await rig.online();
}

/** Backs the source up by hand, once for each of so many days of January, each time with something new in it. */
export async function history(
  { restic, source }: Rig,
  days: number,
  tag: string,
  host = "endpoint",
): Promise<void> {
  for (let day = 1; day <= days; day++) {
    const news = crypto.getRandomValues(new Uint8Array(65_536));
    writeFileSync(join(source, "news"), news);
    const time = `2026-01-${String(day).padStart(2, "0")} 10:00:00`;
    const args = ["--host", host, "--tag", tag, "--time", time];
    const { code } = await restic.byHand("backup", ...args, source);
    expect(code).toBe(0);
  }
}

export async function snapshotsOf({ restic }: Rig) {
  const { output } = await restic.byHand("snapshots", "--json");
  return JSON.parse(output) as { id: string; tags: string[]; time: string }[];
}

/** What a job's log says. */
export function textOf(rig: Rig, jobId: string): string {
  return rig
    .log(jobId)
    .map(({ l }) => l)
    .join("\n");
}

/** What the server was told of the repository, the last word on each. */
export function statsOf(rig: Rig): RepositoryStats {
  return Object.assign(
    {},
    ...rig.events("repo.stats").map(({ p }) => (p as RepoStats).stats),
  ) as RepositoryStats;
}
