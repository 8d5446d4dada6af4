/**
 * Measures what the product costs, as ratios and sizes of one run on one machine. Prints them and asserts nothing.
 *
 *   bun bench/main.ts            everything, about forty minutes and 25 GB of disk
 *   bun bench/main.ts --quick    the same on less data and for shorter times: does it run at all
 *   bun bench/main.ts restore    one part: backup, idle, start, scripts, reconnect, restore, index,
 *                                index-mixed
 *   bun bench/main.ts --write    also writes bench/results.md
 */
import { cpus, totalmem } from "node:os";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, openLab } from "../install/e2e/rig/lab.ts";
import { serverFile } from "../install/e2e/rig/places.ts";
import { output } from "../install/e2e/rig/repository.ts";
import { measureBackup } from "./backup.ts";
import {
  type Figure,
  markdownTable,
  mebibytes,
  plainTable,
} from "./figures.ts";
import { measureIdle } from "./idle.ts";
import { measureReconnect } from "./reconnect.ts";
import { measureIndex, measureMixedIndex } from "./restore/index.ts";
import { measureRestore } from "./restore/restore.ts";
import { measureScripts } from "./scripts.ts";
import { measureSizes, measureStart } from "./start.ts";

type Measure = (lab: Lab) => Promise<Figure[]>;

function measures(quick: boolean): Record<string, Measure> {
  return {
    start: async (lab) => [
      ...measureSizes(),
      ...(await measureStart(lab, quick ? 2 : 7)),
    ],
    scripts: measureScripts,
    idle: (lab) => measureIdle(lab, quick ? 15 : 180),
    backup: (lab) =>
      measureBackup(
        lab,
        quick ? { bytes: 2 ** 28, rounds: 1 } : { bytes: 2 ** 31, rounds: 5 },
      ),
    reconnect: (lab) =>
      measureReconnect(lab, quick ? 5 : 50, quick ? 5000 : 20_000),
    restore: (lab) =>
      measureRestore(
        lab,
        quick
          ? { bytes: 2 ** 28, beside: 2 ** 27, snapshots: 3, rounds: 1 }
          : { bytes: 2 ** 31, beside: 2 ** 33, snapshots: 200, rounds: 3 },
      ),
    index: (lab) => measureIndex(lab, quick ? 10_000 : 100_000),
    "index-mixed": (lab) => measureMixedIndex(lab, quick ? 2 ** 28 : 2 ** 31),
  };
}

async function inOwnLab(measure: Measure): Promise<Figure[]> {
  const lab = openLab();
  process.once(
    "SIGINT",
    () => void lab.close().finally(() => process.exit(130)),
  );
  try {
    return await measure(lab);
  } catch (error) {
    process.stderr.write(lab.report());
    throw error;
  } finally {
    await lab.close();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const all = measures(args.includes("--quick"));
  const named = args.filter((arg) => !arg.startsWith("--"));
  const only = named.length > 0 ? named : Object.keys(all);
  const figures: Figure[] = [];
  for (const name of only) {
    const measure = all[name];
    if (measure === undefined)
      throw new Error(
        `the parts are ${Object.keys(all).join(", ")}; not ${name}`,
      );
    process.stderr.write(`measuring ${name}\n`);
    figures.push(...(await inOwnLab(measure)));
  }
  process.stdout.write(plainTable(figures));
  if (args.includes("--write"))
    writeFileSync(join(import.meta.dir, "results.md"), await report(figures));
}

async function report(figures: readonly Figure[]): Promise<string> {
  const { stdout } = await output(serverFile, ["--version"], {});
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? "unknown processor"}, ${mebibytes(totalmem())} of memory`;
  const day = new Date().toISOString().slice(0, 10);
  return `# Results\n\n${stdout.trim()}, measured on ${day} on ${machine} by \`just bench --write\`.\n\n${markdownTable(figures)}`;
}

await main(process.argv.slice(2));
