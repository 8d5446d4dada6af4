/**
 * Server, agent and dashboard from source, restarted on every change. State is kept in data/dev;
 * delete that folder to start anew.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

import { dist, root } from "./lib/paths.ts";
import { must, run } from "./lib/run.ts";
import { server, stageAssets } from "./lib/stage.ts";
import { main, say } from "./lib/step.ts";
import { hostTarget, targetName } from "./lib/targets.ts";

const address = "127.0.0.1:8080";
const login = { user: "admin", password: "restic-manager" };
const data = join(root, "data/dev");

const assets = (folder: "server" | "agent"): string =>
  join(dist, "stage", `${folder}-${targetName(hostTarget())}`, "assets");

/** A program from source, ended the way a service manager would. */
const start = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess =>
  spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    const tooLong = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(tooLong);
      done();
    });
    child.kill("SIGTERM");
  });

const startServer = (passwordFile: string): ChildProcess =>
  start(["server/main.ts"], {
    RM_ASSETS_DIR: assets("server"),
    RM_DATA_DIR: join(data, "server"),
    RM_LISTEN: address,
    RM_ADMIN_PASSWORD_FILE: passwordFile,
  });

const startAgent = (): ChildProcess =>
  start(
    [
      "agent/main.ts",
      "enrol",
      `http://${address}`,
      "--config",
      join(data, "agent.yaml"),
      "--state-dir",
      join(data, "agent"),
    ],
    { RM_ASSETS_DIR: assets("agent") },
  );

/**
 * Keeps a program running on the newest sources of the folders. Not `bun --watch`: it replaces the
 * process at once, and the broker of the old one would still be there.
 */
const keepRunning = (
  folders: readonly string[],
  begin: () => ChildProcess,
  before: () => Promise<boolean>,
) => {
  let child = begin();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let restarting = Promise.resolve();
  const restart = async (): Promise<void> => {
    if (!(await before())) return;
    await stop(child);
    child = begin();
  };
  const watchers = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, file) => {
      if (file === null || !/\.(ts|css|html|svg)$/.test(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        restarting = restarting.then(restart);
      }, 200);
    }),
  );
  return async (): Promise<void> => {
    for (const watcher of watchers) watcher.close();
    clearTimeout(timer);
    await restarting;
    await stop(child);
  };
};

/** Fast enough for every change, even when the dashboard is not concerned. */
const stageDashboard = async (): Promise<boolean> => {
  const args = ["install/build-ui.ts"];
  const { code, stderr } = await run(process.execPath, args, { cwd: root });
  if (code === 0) stageAssets(server, hostTarget());
  else say(stderr.trimEnd());
  return code === 0;
};

await main(async () => {
  mkdirSync(data, { recursive: true });
  const passwordFile = join(data, "password");
  writeFileSync(passwordFile, `${login.password}\n`, { mode: 0o600 });
  const stage = ["install/build.ts", "--stage-only"];
  await must(process.execPath, stage, { cwd: root, loud: true });

  const stopServer = keepRunning(
    ["server", "shared", "web-components"],
    () => startServer(passwordFile),
    stageDashboard,
  );
  const stopAgent = keepRunning(["agent", "shared"], startAgent, () =>
    Promise.resolve(true),
  );
  say(`http://${address}, login ${login.user} / ${login.password}`);
  await new Promise((done) => {
    process.once("SIGINT", done);
    process.once("SIGTERM", done);
  });
  await Promise.all([stopAgent(), stopServer()]);
  return 0;
});
