/**
 * Measures the product with a whole fleet: simulated agents with real keys and JWTs, through the built server's own door.
 *
 *   bun bench/fleet/main.ts 5000
 *   bun bench/fleet/main.ts 1000 --quick    shorter times, to see that it runs
 */
import { openLab } from "../../install/e2e/rig/lab.ts";
import { type Figure, plainTable } from "../figures.ts";
import {
  measureBrokerKill,
  measureIdle,
  measureList,
  measureLive,
  measureLogs,
  measureRemoval,
  measureRequests,
  measureServerKill,
} from "./measures.ts";
import { openStand } from "./stand.ts";
import { startWorkers } from "./workers.ts";

/** After a connection that stood for a minute an agent is quick to return. */
const settledMs = 62_000;

async function main(args: readonly string[]): Promise<void> {
  const count = Number(args[0] ?? 1000);
  if (!Number.isInteger(count) || count < 1)
    throw new Error("How many agents? For example: just fleet 5000");
  const quick = args.includes("--quick");
  const lab = openLab();
  const workers = startWorkers(2);
  process.once("SIGINT", () => {
    workers.end();
    void lab.close().finally(() => process.exit(130));
  });
  const figures: Figure[] = [];
  const show = (...of: Figure[]) => {
    figures.push(...of);
    process.stderr.write(plainTable(of));
  };
  try {
    const stand = await openStand(lab, workers, count);
    const connectedAt = Date.now();
    show(...(await measureIdle(stand, quick ? 10_000 : settledMs)));
    show(await measureRequests(stand, quick ? 100 : 1000));
    show(...(await measureList(stand)));
    show(await measureBrokerKill(stand));
    const backAt = Date.now();
    show(await measureLive(lab, stand, quick ? 50 : 500));
    show(await measureLogs(stand, Math.min(count, 50), quick ? 3000 : 15_000));
    if (!quick) await Bun.sleep(backAt + settledMs - Date.now());
    show(await measureServerKill(stand));
    show(await measureRemoval(stand, stand.members.slice(0, 20)));
    process.stderr.write(
      `${Math.round((Date.now() - connectedAt) / 1000)} s\n`,
    );
  } catch (error) {
    process.stderr.write(lab.report());
    throw error;
  } finally {
    await lab.close();
    workers.end();
  }
  process.stdout.write(`${count} agents\n${plainTable(figures)}`);
}

await main(process.argv.slice(2));
