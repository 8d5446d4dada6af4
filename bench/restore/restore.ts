import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { bringBackByClicks } from "../../install/e2e/rig/bring-back.ts";
import {
  launchBrowser,
  logInByBrowser,
  openTab,
} from "../../install/e2e/rig/browser.ts";
import { repositoryPassword } from "../../install/e2e/rig/jobs.ts";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import { tool } from "../../install/e2e/rig/places.ts";
import { output } from "../../install/e2e/rig/repository.ts";
import {
  indexed,
  restoreEnds,
  type RestoreStand,
  restoreStand,
  startRestore,
} from "../../install/e2e/rig/restores.ts";
import { adminPassword } from "../../install/e2e/rig/server.ts";
import type { Folder } from "../../install/e2e/rig/types.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { type Command, runBare } from "../bare.ts";
import {
  type Figure,
  figure,
  mebibytes,
  median,
  milliseconds,
  seconds,
} from "../figures.ts";
import { writeMixedTree } from "../tree.ts";
import { measureDownload } from "./download.ts";
import { seenRestic } from "./seen-restic.ts";

export interface RestoreOptions {
  /** What is restored and downloaded whole. */
  readonly bytes: number;
  /** What lies beside it in the repository. */
  readonly beside: number;
  readonly snapshots: number;
  readonly rounds: number;
}

const entries = 10_000;
const patienceMs = 1_800_000;

/** Getting files back out of a repository of that size, through rest-server on loopback. */
export async function measureRestore(
  lab: Lab,
  options: RestoreOptions,
): Promise<Figure[]> {
  const stand = await restoreStand(lab, {
    patienceMs,
    isPastGate: true,
    prepare(source) {
      writeMixedTree(join(source, "mixed"), options.bytes);
      writeMixedTree(join(source, "beside"), options.beside);
      mkdirSync(join(source, "many"));
      for (let at = 0; at < entries; at += 1)
        writeFileSync(join(source, "many", `file-${at}.txt`), `${at}`);
    },
  });
  await addSnapshots(lab, stand, options.snapshots - 2);
  // The newest is the product's own, as on every host that it backs up; and the server learns of those before it.
  const newest = await stand.backUp();
  await indexed(stand.api, stand.at("index", newest), patienceMs);
  return [
    await measureDeleted(stand, options),
    await measureClicked(lab, stand, options),
    ...(await measureWhole(lab, stand, options)),
    ...(await measureDownload(stand, options)),
    // The last one, because it starts the server anew.
    ...(await measureFolder(stand)),
  ];
}

async function addSnapshots(
  lab: Lab,
  { repository, source }: RestoreStand,
  count: number,
): Promise<void> {
  const env = {
    PATH: "/usr/bin:/bin",
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: repositoryPassword,
    RESTIC_CACHE_DIR: lab.folder("cache-by-hand"),
  };
  for (let at = 0; at < count; at += 1) {
    writeFileSync(join(source, "notes", "diary.txt"), `day ${at}`);
    const { code, stderr } = await output(
      tool("restic"),
      ["backup", "--host", hostname(), "--tag", "default", source],
      env,
    );
    if (code !== 0) throw new Error(`restic backup: ${stderr}`);
  }
}

async function measureDeleted(
  stand: RestoreStand,
  options: RestoreOptions,
): Promise<Figure> {
  const file = join(stand.source, "notes/note-1.txt");
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    rmSync(file);
    const started = performance.now();
    await startRestore(stand, { paths: [file], confirm: stand.host.name });
    await waitFor("the file is there", () => existsSync(file), 120_000);
    times.push(performance.now() - started);
    // The next one begins when this job has ended.
    await restoreEnds(stand, { paths: [file], confirm: stand.host.name });
  }
  return figure(
    "A deleted file, from the request to the file on disk",
    seconds(median(times)),
    "< 30 s",
    deletedNote(options, times),
  );
}

async function measureClicked(
  lab: Lab,
  { server, host, source }: RestoreStand,
  options: RestoreOptions,
): Promise<Figure> {
  const file = join(source, "notes/note-2.txt");
  const browser = await launchBrowser();
  lab.defer(() => browser.close());
  const times: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const { page } = await openTab(lab, browser);
    rmSync(file);
    const started = performance.now();
    await logInByBrowser(page, server.url, "admin", adminPassword);
    await bringBackByClicks(page, host.name, file);
    times.push(performance.now() - started);
    await page.getByText("Succeeded", { exact: true }).first().waitFor();
  }
  return figure(
    "A deleted file, by a person's clicks from the login to the file on disk",
    seconds(median(times)),
    "< 120 s",
    deletedNote(options, times),
  );
}

function deletedNote(
  { bytes, beside, snapshots, rounds }: RestoreOptions,
  times: readonly number[],
): string {
  const size = ((bytes + beside) / 2 ** 30).toFixed(1);
  return `${size} GiB, ${snapshots} snapshots; median of ${rounds}, longest ${seconds(Math.max(...times))}`;
}

async function measureFolder(stand: RestoreStand): Promise<Figure[]> {
  const { server, at, source } = stand;
  await server.stop();
  await server.start();
  const api = await server.logIn();
  const path = encodeURIComponent(join(source, "many"));
  const open = async () => {
    const started = performance.now();
    await api.get<Folder>(at(`tree?path=${path}`));
    return performance.now() - started;
  };
  const [first, second] = [await open(), await open()];
  return [
    figure(
      `A folder of ${entries.toLocaleString("en")} entries, first open`,
      milliseconds(first),
      "< 100 ms",
      "its first page of 1,000, right after the server's start",
    ),
    figure("the same, second open", milliseconds(second), "< 100 ms"),
  ];
}

async function measureWhole(
  lab: Lab,
  stand: RestoreStand,
  { bytes, rounds }: RestoreOptions,
): Promise<Figure[]> {
  const to = join(lab.dir, "restored");
  const { agent, source } = stand;
  const wish = { paths: [join(source, "mixed")], to, strip: source };
  const product: number[] = [];
  const bare: number[] = [];
  let command: Command | null = null;
  // The first one fills the page cache, and shows how restic is started.
  for (let round = 0; round <= rounds; round += 1) {
    const ending = restoreEnds(stand, wish, patienceMs);
    command ??= await seenRestic(agent.program().pid, "restore");
    const { state, started_at, finished_at } = await ending;
    if (state !== "succeeded") throw new Error(`the restore ${state}`);
    if (round > 0)
      product.push(
        Date.parse(finished_at ?? "") - Date.parse(started_at ?? ""),
      );
    rmSync(to, { recursive: true });
    if (round > 0) bare.push((await runBare(command)).wall);
    rmSync(to, { recursive: true, force: true });
  }
  return [
    figure(
      `Restore of ${mebibytes(bytes)}, wall: product / bare restic`,
      (median(product) / median(bare)).toFixed(3),
      "<= 1.02",
      `${seconds(median(product))} and ${seconds(median(bare))}; median of ${rounds} alternating rounds`,
    ),
  ];
}
