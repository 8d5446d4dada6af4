import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobEnds, runNow, setUp } from "../../install/e2e/rig/jobs.ts";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import { approvedStand, type Stand } from "../../install/e2e/rig/stand.ts";
import type { SetUp, SnapshotIndex } from "../../install/e2e/rig/types.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { cpuOf } from "../cpu.ts";
import { type Figure, figure, mebibytes, seconds } from "../figures.ts";
import { writeMixedTree } from "../tree.ts";

const perFolder = 100;
const changed = 10;
const furtherRounds = 3;

interface Round {
  /** From start to end, in ms. */
  readonly backup: number;
  /** From the end of the backup until the server had all of it, in ms. */
  readonly index: number;
  /** Of agent and restic, in ms. */
  readonly backupCpu: number;
  readonly indexCpu: number;
  /** Of the agent at its highest by then, in bytes. */
  readonly backupMemory: number;
  /** What the index grew by. */
  readonly bytes: number;
}

interface Rounds {
  readonly first: Round;
  /** Ten new files in ten folders; the one in the middle by time. */
  readonly little: Round;
  readonly nothing: Round;
}

/** What it costs to tell the server what is in a snapshot: the worst case, small files whose backup costs little more than their names. */
export async function measureIndex(lab: Lab, files: number): Promise<Figure[]> {
  const stand = await approvedStand(lab);
  const source = sourceIn(lab);
  writeTree(source, files);
  const rounds = await measureRounds(stand, {
    url: join(lab.dir, "repository"),
    source,
    folder: (at) => join(source, `folder ${at}`),
  });
  const { first, little } = rounds;
  const peak = peakMemory(stand.agent.program().pid);
  const many = `${files.toLocaleString("en")} small files`;
  return [
    figure(
      `Index of ${many}, bytes per file`,
      (first.bytes / files).toFixed(1),
      "",
      `in all ${mebibytes(first.bytes)}`,
    ),
    figure(
      `a further snapshot in which ${changed} files in ${changed} folders are new`,
      `${(little.bytes / 1000).toFixed(1)} kB`,
      "",
      "the folders from the root to each of them",
    ),
    ...figuresOf(many, rounds),
    figure(
      "Agent's memory at its highest",
      mebibytes(peak),
      "",
      `${many}; ${mebibytes(first.backupMemory)} by the end of their first backup`,
    ),
  ];
}

/** The same of what people have: the mixed files of the backup figures. */
export async function measureMixedIndex(
  lab: Lab,
  bytes: number,
): Promise<Figure[]> {
  const stand = await approvedStand(lab);
  const source = sourceIn(lab);
  writeMixedTree(source, bytes);
  const code = join(source, "code");
  const rounds = await measureRounds(stand, {
    url: join(lab.dir, "repository"),
    source,
    folder: (at) => join(code, String(at % readdirSync(code).length)),
  });
  return figuresOf(
    `${(bytes / 2 ** 30).toFixed(2)} GiB of mixed files`,
    rounds,
  );
}

/** A folder of its own: what is in a folder above would change meanwhile. */
function sourceIn(lab: Lab): string {
  return join(lab.folder("home"), "files");
}

function figuresOf(what: string, { first, little, nothing }: Rounds): Figure[] {
  const line = (name: string, round: Round) =>
    figure(
      name,
      (round.index / round.backup).toFixed(2),
      "",
      `${seconds(round.index)}, ${seconds(round.indexCpu)} CPU; the backup ${seconds(round.backup)}, ${seconds(round.backupCpu)} CPU`,
    );
  return [
    line(`Indexing / first backup of ${what}, wall`, first),
    line(
      `the same for one in which ${changed} files in ${changed} folders are new`,
      little,
    ),
    line("the same for one without any change", nothing),
  ];
}

interface Data {
  readonly url: string;
  readonly source: string;
  /** Where the next file is put. */
  readonly folder: (at: number) => string;
}

async function measureRounds(
  stand: Stand,
  { url, source, folder }: Data,
): Promise<Rounds> {
  const made = await setUp(stand.api, stand.host, { url, includes: [source] });
  const first = await measureRound(stand, made);
  const further: Round[] = [];
  for (let round = 0; round < furtherRounds; round++) {
    for (let at = 0; at < changed; at++)
      writeFileSync(join(folder(at), `new file ${round}.txt`), "new");
    further.push(await measureRound(stand, made));
  }
  const [little = first] = further
    .toSorted((a, b) => a.index - b.index)
    .slice(Math.floor(furtherRounds / 2));
  return { first, little, nothing: await measureRound(stand, made) };
}

async function measureRound(
  { api, agent, host }: Stand,
  { repository, group_id }: SetUp,
): Promise<Round> {
  const pid = agent.program().pid;
  const path = `/api/repositories/${repository.id}`;
  const size = async () =>
    (await api.get<{ bytes: number }>(`${path}/index`)).bytes;
  const [bytes, cpu] = [await size(), cpuOf(pid)];
  const { id } = await runNow(api, host, group_id);
  const job = await jobEnds(api, id, 600_000);
  const backupCpu = cpuOf(pid) - cpu;
  const backupMemory = peakMemory(pid);
  await waitFor(
    "the snapshot is indexed",
    async () => {
      const { body } = await api.ask<SnapshotIndex>(
        "GET",
        `${path}/snapshots/${job.snapshot_id}/index`,
      );
      return body.state === "ready";
    },
    600_000,
  );
  const ended = Date.parse(job.finished_at ?? "");
  return {
    backup: ended - Date.parse(job.started_at ?? ""),
    index: Date.now() - ended,
    backupCpu,
    backupMemory,
    indexCpu: cpuOf(pid) - cpu - backupCpu,
    bytes: (await size()) - bytes,
  };
}

/** Names as people give them, small files, times that differ. */
function writeTree(dir: string, files: number): void {
  for (let at = 0; at < files; at++) {
    const folder = join(dir, `folder ${Math.floor(at / perFolder)}`);
    if (at % perFolder === 0) mkdirSync(folder, { recursive: true });
    const name = `IMG_2026${String(at % 1200).padStart(4, "0")}_${(at * 7919) % 100_003}.jpg`;
    writeFileSync(join(folder, name), `${at} `.repeat(1 + (at % 50)));
  }
}

/** Resident bytes. */
function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
