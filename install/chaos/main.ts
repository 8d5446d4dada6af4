/**
 * Breaks a whole installation by a seeded plan, and proves from the endpoints' own journals that nothing is lost.
 *
 *   bun install/chaos/main.ts --minutes 5 --seed 7
 *   bun install/chaos/main.ts --only server --kills 100 --minutes 5
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { main, say } from "../lib/step.ts";
import { mayMakeNamespaces, ownNamespaces } from "./namespaces.ts";
import { describe, makePlan, type Wish } from "./plan.ts";
import { runOnce } from "./run.ts";

const longestRunMs = 5 * 60_000;
const inside = "RM_CHAOS_INSIDE";

await main(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      runs: { type: "string" },
      agents: { type: "string", default: "3" },
      only: { type: "string" },
      kills: { type: "string" },
      loopback: { type: "boolean", default: false },
      plan: { type: "boolean", default: false },
    },
  });
  const ms = number(values.minutes) * 60_000;
  const seed = number(values.seed);
  const kills = values.kills === undefined ? null : number(values.kills);
  const whole = kills === null ? Math.ceil(ms / longestRunMs) : 1;
  const runs = values.runs === undefined ? whole : number(values.runs);
  const agents = Array.from(
    { length: number(values.agents) },
    (_, i) => `agent${i + 1}`,
  );
  const wishes = Array.from({ length: runs }, (_, run): Wish => ({
    seed: seed + run,
    ms: ms / runs,
    agents,
    only: values.only ?? null,
    kills,
  }));
  if (values.plan) {
    for (const wish of wishes)
      for (const act of makePlan(wish)) say(describe(act));
    return 0;
  }
  const ownNetwork =
    !values.loopback && (process.env[inside] === "1" || mayMakeNamespaces());
  return ownNetwork && process.env[inside] !== "1"
    ? insideNamespaces()
    : runAll(wishes, ownNetwork);
});

async function runAll(
  wishes: readonly Wish[],
  ownNetwork: boolean,
): Promise<number> {
  const count = { kills: 0, lost: 0, duplicated: 0, stuck: 0 };
  for (const [index, wish] of wishes.entries()) {
    say(
      `run ${index + 1} of ${wishes.length}: seed ${wish.seed}, ${Math.round(wish.ms / 1000)} s`,
    );
    const { kills, findings } = await runOnce(wish, ownNetwork);
    count.kills += kills;
    for (const { kind } of findings) count[kind] += 1;
  }
  const { kills, lost, duplicated, stuck } = count;
  process.stdout.write(
    `runs=${wishes.length} kills=${kills} lost=${lost} duplicated=${duplicated} stuck=${stuck}\n`,
  );
  return lost + duplicated + stuck === 0 ? 0 : 1;
}

/** Starts this program once more in networks and mounts of its own, which end with it. */
function insideNamespaces(): Promise<number> {
  const child = spawn(
    "/usr/bin/unshare",
    [
      ...ownNamespaces,
      process.execPath,
      import.meta.path,
      ...Bun.argv.slice(2),
    ],
    { stdio: "inherit", env: { ...process.env, [inside]: "1" } },
  );
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.on(name, () => child.kill(name));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function number(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new Error(`"${text}" is not a number`);
  return value;
}
