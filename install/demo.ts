/**
 * The main job of the product with real components on this machine: server,
 * agent, fingerprint, repository on a rest-server, backup.
 *
 *   bun install/demo.ts [--dir DIR] [--once] [--json]
 *
 * --dir DIR   what to back up; this repository when left out
 * --once      stop everything after the backup; the repository stays readable
 * --json      print the outcome as one JSON object, the last line of stdout
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { walk, type Walked } from "./demo/walk.ts";
import { openLab } from "./e2e/rig/lab.ts";
import { root } from "./lib/paths.ts";
import { must } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";

const directory = (text: string | undefined) => {
  const path = resolve(text ?? root);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`--dir ${path}: there is no such directory`);
  return { path, isDefault: text === undefined };
};

const untilStopped = (): Promise<void> =>
  new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => done());
  });

const print = (result: object): void => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
};

const invite = ({ url, login, outcome }: Walked): void => {
  say("");
  say(`dashboard:  ${url}`);
  say(`login:      ${login.user} / ${login.password}`);
  say(`repository: ${outcome.repository}`);
  say(`password:   ${outcome.passwordFile}`);
  say("");
  say("Press Ctrl-C to stop.");
};

const demo = async (
  dir: ReturnType<typeof directory>,
  once: boolean,
): Promise<Walked["outcome"]> => {
  // The nats command line is for people and tests; building it takes a minute.
  const build = ["install/build.ts", "--host", "--without", "nats"];
  await must(process.execPath, build, { cwd: root, loud: true });
  const lab = openLab();
  try {
    const walked = await walk(lab, dir);
    if (!once) {
      invite(walked);
      await untilStopped();
    }
    return walked.outcome;
  } catch (error) {
    say(lab.report());
    throw error;
  } finally {
    await lab.close();
  }
};

await main(async () => {
  const { values } = parseArgs({
    options: {
      dir: { type: "string" },
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  try {
    const outcome = await demo(directory(values.dir), values.once);
    if (values.json) print(outcome);
    return 0;
  } catch (error) {
    if (values.json)
      print({
        ok: false,
        reason: error instanceof Error ? error.message : String(error),
      });
    throw error;
  }
});
