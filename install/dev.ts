/**
 * Server, agent and dashboard from source, restarted on every change. State is kept in data/dev;
 * delete that folder to start anew.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

import { dist, root } from "./lib/paths.ts";
import { must, run } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";
import { hostTarget, targetName } from "./lib/targets.ts";

const address = "127.0.0.1:8080";
const login = { user: "admin", password: "restic-manager" };
const data = join(root, "data/dev");

const assets = (folder: "server" | "agent"): string =>
  join(dist, "stage", `${folder}-${targetName(hostTarget())}`, "assets");

const start = (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess =>
  spawn(process.execPath, ["--watch", "--no-clear-screen", ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
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

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once("exit", () => done());
    child.kill("SIGTERM");
  });

/** Calls back once after a burst of changes to the dashboard's sources. */
const onDashboardChange = (react: () => void): void => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(join(root, "web-components"), { recursive: true }, (_event, file) => {
    if (file === null || !/\.(ts|css|html|svg)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(react, 200);
  });
};

const stage = ["install/build.ts", "--stage-only"];

await main(async () => {
  mkdirSync(data, { recursive: true });
  const passwordFile = join(data, "password");
  writeFileSync(passwordFile, `${login.password}\n`, { mode: 0o600 });
  await must(process.execPath, stage, { cwd: root, loud: true });

  let server = startServer(passwordFile);
  const agent = startAgent();
  onDashboardChange(() => {
    void (async () => {
      const built = await run(process.execPath, stage, { cwd: root });
      if (built.code !== 0) return say(built.stderr.trimEnd());
      await stop(server);
      server = startServer(passwordFile);
    })();
  });

  say(`http://${address}, login ${login.user} / ${login.password}`);
  await new Promise((done) => {
    process.once("SIGINT", done);
    process.once("SIGTERM", done);
  });
  await Promise.all([stop(agent), stop(server)]);
  process.exit(0);
});
