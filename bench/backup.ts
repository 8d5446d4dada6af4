import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  jobEnds,
  logOf,
  repositoryPassword,
  runNow,
  setUp,
} from "../install/e2e/rig/jobs.ts";
import type { Lab } from "../install/e2e/rig/lab.ts";
import { descendants } from "../install/e2e/rig/processes.ts";
import { resticByHand } from "../install/e2e/rig/repository.ts";
import { approvedStand, type Stand } from "../install/e2e/rig/stand.ts";
import { waitFor } from "../install/e2e/rig/wait.ts";
import { type Command, readCommand, runBare } from "./bare.ts";
import { cpuOf } from "./cpu.ts";
import { type Figure, figure, median, seconds } from "./figures.ts";
import { writeMixedTree } from "./tree.ts";

/** What one backup took, in ms. */
interface Cost {
  readonly wall: number;
  /** Until the list of snapshots was read too, which a bare backup does not do. */
  readonly listed: number;
  /** restic and what started it. */
  readonly cpu: number;
  /** Server and broker meanwhile. */
  readonly aside: number;
}

export interface BackupOptions {
  readonly bytes: number;
  readonly rounds: number;
}

/**
 * The same backup through the product and by restic alone, in turns: same executable, same arguments, same environment
 * (both read from the product's own process), a fresh repository each time.
 */
export async function measureBackup(
  lab: Lab,
  { bytes, rounds }: BackupOptions,
): Promise<Figure[]> {
  const source = join(lab.dir, "mixed");
  const repository = join(lab.dir, "repository");
  writeMixedTree(source, bytes);
  const stand = await approvedStand(lab);
  const { group_id } = await setUp(stand.api, stand.host, {
    url: repository,
    includes: [source],
  });

  // The first run also brings the tree into the page cache, for both sides.
  const command = await seenCommand(stand, group_id);
  const product: Cost[] = [];
  const bare: Cost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await freshRepository(repository);
    product.push(await throughProduct(stand, group_id));
    await freshRepository(repository);
    const { wall, cpu } = await runBare(command);
    bare.push({ wall, listed: wall, cpu, aside: 0 });
  }

  const ratio = (pick: (cost: Cost) => number) =>
    median(product.map(pick)) / median(bare.map(pick));
  const size = `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const how = `median of ${rounds} alternating rounds`;
  return [
    figure(
      `Backup of ${size}, wall: product / bare restic`,
      ratio(({ wall }) => wall).toFixed(3),
      "<= 1.02",
      how,
    ),
    figure(
      `Backup of ${size}, CPU: product / bare restic`,
      ratio(({ cpu }) => cpu).toFixed(3),
      "<= 1.03",
      `agent and restic; ${how}`,
    ),
    figure(
      "the same wall with the list of snapshots read",
      (
        median(product.map(({ listed }) => listed)) /
        median(bare.map(({ wall }) => wall))
      ).toFixed(3),
      "",
      "a second, short restic that bare restic does not run",
    ),
    figure(
      "the same with server and broker",
      ratio(({ cpu, aside }) => cpu + aside).toFixed(3),
      "",
      "they do not run on the endpoint",
    ),
    figure(
      "bare restic, wall and CPU",
      `${seconds(median(bare.map(({ wall }) => wall)))}, ${seconds(median(bare.map(({ cpu }) => cpu)))}`,
      "",
      how,
    ),
    figure(
      "product, wall and CPU",
      `${seconds(median(product.map(({ wall }) => wall)))}, ${seconds(median(product.map(({ cpu }) => cpu)))}`,
      "",
      how,
    ),
  ];
}

async function freshRepository(repository: string): Promise<void> {
  rmSync(repository, { recursive: true, force: true });
  const made = await resticByHand(repository, repositoryPassword, ["init"]);
  if (made.code !== 0) throw new Error(`restic init: ${made.stderr}`);
  // What the last round left to write must not be written during the next one.
  spawnSync("sync");
}

async function throughProduct(
  { server, api, agent, host }: Stand,
  groupId: string,
): Promise<Cost> {
  const pid = agent.program().pid;
  const asidePids = [
    server.program().pid,
    ...descendants(server.program().pid).map((process) => process.pid),
  ];
  const aside = () => asidePids.reduce((sum, id) => sum + cpuOf(id), 0);
  const [cpuBefore, asideBefore] = [cpuOf(pid), aside()];
  const { id } = await runNow(api, host, groupId);
  const job = await jobEnds(api, id, 600_000);
  if (job.state !== "succeeded")
    throw new Error(`the backup ${job.state}: ${job.error?.message}`);
  const since = (time: string | null | undefined) =>
    Date.parse(time ?? "") - Date.parse(job.started_at ?? "");
  return {
    // The last line is the summary, said when restic has ended.
    wall: since((await logOf(api, id)).at(-1)?.t),
    listed: since(job.finished_at),
    cpu: cpuOf(pid) - cpuBefore,
    aside: aside() - asideBefore,
  };
}

/** Runs the backup once and reads from its restic how it was started. */
async function seenCommand(
  { api, agent, host }: Stand,
  groupId: string,
): Promise<Command> {
  const { id } = await runNow(api, host, groupId);
  const restic = await waitFor("restic backs up", () =>
    descendants(agent.program().pid).find(
      ({ exe, args }) =>
        /\/restic[^/]*$/.test(exe) && args.includes(" backup "),
    ),
  );
  const command = readCommand(restic);
  await jobEnds(api, id, 600_000);
  return command;
}
