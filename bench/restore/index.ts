import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
} from "../../install/e2e/rig/jobs.ts";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import {
  resticByHand,
  snapshotsByHand,
} from "../../install/e2e/rig/repository.ts";
import { approvedStand, type Stand } from "../../install/e2e/rig/stand.ts";
import type { SetUp, SnapshotIndex } from "../../install/e2e/rig/types.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { cpuOf } from "../cpu.ts";
import { type Figure, figure, mebibytes, seconds } from "../figures.ts";

const perFolder = 100;
const changed = 10;

interface Round {
  /** From start to end, in ms. */
  readonly backup: number;
  /** From the end of the backup until the server had all of it, in ms. */
  readonly index: number;
  /** Of agent and restic, in ms. */
  readonly backupCpu: number;
  readonly indexCpu: number;
  /** What the index grew by. */
  readonly bytes: number;
}

/** What it costs to tell the server what is in a snapshot: the first one, one where little has changed, one where nothing has. */
export async function measureIndex(
  lab: Lab,
  { files }: { readonly files: number },
): Promise<Figure[]> {
  // A folder of its own: what is in a folder above would change meanwhile.
  const source = join(lab.folder("home"), "files");
  writeTree(source, files);
  const stand = await approvedStand(lab);
  const url = join(lab.dir, "repository");
  const made = await setUp(stand.api, stand.host, {
    url,
    includes: [source],
  });
  const round = () => measureRound(stand, made);

  const first = await round();
  const rss = peakMemory(stand.agent.program().pid);
  for (let at = 0; at < changed; at++)
    writeFileSync(join(source, `folder ${at}`, "new file.txt"), "new");
  const little = await round();
  const nothing = await round();
  const started = performance.now();
  await resticByHand(url, repositoryPassword, ["ls", "latest", "--json"]);
  const bare = performance.now() - started;

  const many = `${files.toLocaleString("en")} files`;
  const share = ({ index, backup }: Round) => (index / backup).toFixed(2);
  const both = ({ index, indexCpu }: Round) =>
    `${seconds(index)}, ${seconds(indexCpu)} CPU`;
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
    figure(
      `Indexing ${many} / their first backup, wall`,
      share(first),
      "",
      `${both(first)}; the backup ${seconds(first.backup)}, ${seconds(first.backupCpu)} CPU`,
    ),
    figure(
      "the same for the further snapshot",
      share(little),
      "",
      `${both(little)}; the backup ${seconds(little.backup)}; every folder is listed again`,
    ),
    figure(
      "the same for one without any change",
      share(nothing),
      "",
      `${both(nothing)}; the backup ${seconds(nothing.backup)}; not listed when restic's tree is the same`,
    ),
    figure("restic ls alone", seconds(bare), "", `${many}, without a cache`),
    figure("Agent's memory at its highest", mebibytes(rss), "", many),
  ];
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
  const [ended, backupCpu] = [performance.now(), cpuOf(pid) - cpu];
  const snapshot = (
    await snapshotsByHand(repository.url, repositoryPassword)
  ).at(-1)?.id;
  await waitFor(
    "the snapshot is indexed",
    async () => {
      const { body } = await api.ask<SnapshotIndex>(
        "GET",
        `${path}/snapshots/${snapshot}/index`,
      );
      return body.state === "ready";
    },
    600_000,
  );
  return {
    backup:
      Date.parse(job.finished_at ?? "") - Date.parse(job.started_at ?? ""),
    index: performance.now() - ended,
    backupCpu,
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
