import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLab } from "../e2e/rig/lab.ts";
import { say } from "../lib/step.ts";
import { perform } from "./acts.ts";
import { startLoad, stopSchedules } from "./load.ts";
import { createNamespaces } from "./namespaces.ts";
import { compare, type Finding } from "./oracle.ts";
import {
  type Act,
  describe,
  makePlan,
  serverHost,
  storeHost,
  type Wish,
} from "./plan.ts";
import { createRelays } from "./relays.ts";
import { createWorld, type World } from "./world.ts";

export interface Outcome {
  readonly kills: number;
  readonly findings: readonly Finding[];
}

const settleMs = 150_000;
const watchMs = 1000;

/** One run: a world is made, suffers its plan under load, is healed, comes to rest and is compared. */
export async function runOnce(
  wish: Wish,
  ownNetwork: boolean,
): Promise<Outcome> {
  const plan = makePlan(wish);
  const lab = openLab();
  try {
    const network = ownNetwork
      ? createNamespaces(lab, [serverHost, storeHost, ...wish.agents])
      : createRelays(lab);
    say(`network: ${network.kind}`);
    const world = await createWorld({
      lab,
      network,
      agents: wish.agents,
      smallDisks: ownNetwork,
    });
    const kills = await suffer(world, plan, wish);
    const findings = await comeToRest(world);
    for (const { kind, text } of findings) say(`${kind}: ${text}`);
    if (findings.length > 0) keepWords(world, wish.seed);
    // While their network is still there, and each on a plain SIGTERM.
    for (const { stop } of [...world.endpoints, world.server]) await stop();
    return { kills, findings };
  } finally {
    await lab.close();
  }
}

async function suffer(
  world: World,
  plan: readonly Act[],
  wish: Wish,
): Promise<number> {
  const began = performance.now();
  const until = (at: number) =>
    Bun.sleep(Math.max(0, at - (performance.now() - began)));
  const healing: Promise<void>[] = [];
  const load = startLoad(world, wish.seed);
  const watch = setInterval(world.keepUp, watchMs);
  let kills = 0;
  try {
    for (const act of plan) {
      await until(act.at);
      const undo = await perform(world, act);
      say(undo === null ? `${describe(act)} (nothing there)` : describe(act));
      if (undo === null) continue;
      if (act.fault.startsWith("kill") || act.fault === "put-back") kills += 1;
      healing.push(Bun.sleep(act.lasts).then(undo));
    }
    await until(wish.ms);
  } finally {
    load.stop();
    await Promise.all(healing);
    clearInterval(watch);
  }
  say(`healed; ${load.accepted()} backups were ordered by hand`);
  return kills;
}

async function comeToRest(world: World): Promise<Finding[]> {
  const watch = setInterval(world.keepUp, watchMs);
  const deadline = performance.now() + settleMs;
  let findings: Finding[] = [];
  let quiet = false;
  try {
    while (performance.now() < deadline) {
      try {
        await world.server.answers();
        if (!quiet) await stopSchedules(world);
        quiet = true;
        findings = await compare(world);
      } catch (error) {
        findings = [
          { kind: "stuck", text: `cannot be asked: ${String(error)}` },
        ];
      }
      if (findings.length === 0) return [];
      await Bun.sleep(watchMs);
    }
    return findings;
  } finally {
    clearInterval(watch);
  }
}

/** What every program said, kept where somebody can read it. */
function keepWords({ server, endpoints }: World, seed: number): void {
  const dir = join(tmpdir(), `rm-chaos-${seed}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "server.log"), server.text());
  for (const { host, text } of endpoints)
    writeFileSync(join(dir, `${host.name}.log`), text());
  say(`what the programs said: ${dir}`);
}
