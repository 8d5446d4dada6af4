import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Api, keepLoggedIn } from "../e2e/rig/api.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { serverFile } from "../e2e/rig/places.ts";
import { descendants, type Process } from "../e2e/rig/processes.ts";
import type { Program } from "../e2e/rig/program.ts";
import { ready } from "../e2e/rig/server.ts";
import type { Version } from "../e2e/rig/types.ts";
import { createMachine, type Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import { serverHost } from "./plan.ts";

const password = "correct horse battery staple";

/** The server of a run, with everything that can happen to it. */
export interface ChaosServer {
  readonly host: Machine;
  readonly dataDir: string;
  readonly database: string;
  /** From now on it is to run, until it is killed or stopped. */
  start(): void;
  /** Starts it again when it is to run and does not, as a service manager would. */
  keepUp(): void;
  /** Waits until it answers. */
  answers(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  broker(): Process | undefined;
  /** A session of the administrator; a new one where the last is refused. */
  api(): Promise<Api>;
  serverKey(): Promise<string>;
  /** Makes the copy with the product's own command, while it runs. */
  copyDatabase(): Promise<boolean>;
  /** Kills it and puts the copy in the place of its database, if there is one. */
  putBack(): Promise<boolean>;
  text(): string;
}

export async function createServer(
  lab: Lab,
  network: Network,
  diskSize: string | null,
): Promise<ChaosServer> {
  const host = createMachine({ lab, network, name: serverHost, diskSize });
  const { ip, port } = await network.listen(serverHost);
  const url = `http://${await network.reach("control", serverHost)}`;
  const dataDir = join(host.disk, "data");
  const database = join(dataDir, "restic-manager.db");
  const copyDir = join(lab.dir, "copy");
  const passwordFile = join(lab.dir, "admin-password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const env = {
    RM_LISTEN: `${ip}:${port}`,
    RM_DATA_DIR: dataDir,
    RM_ADMIN_PASSWORD_FILE: passwordFile,
    RM_HEARTBEAT_INTERVAL: "1s",
    RM_OFFLINE_AFTER: "5s",
  };
  let program: Program | null = null;
  let said = "";
  let copied = false;
  let wanted = false;

  function keepUp(): void {
    if (!wanted || program?.running() === true) return;
    said += program?.text() ?? "";
    program = host.start(serverFile, [], env);
  }

  function start(): void {
    wanted = true;
    keepUp();
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    wanted = false;
    program?.signal(signal);
    await program?.exit(40_000);
  }

  function broker(): Process | undefined {
    return program === null
      ? undefined
      : descendants(program.pid).find(({ exe }) =>
          basename(exe).startsWith("nats-server"),
        );
  }

  return {
    host,
    dataDir,
    database,
    start,
    keepUp,
    async answers() {
      if (program !== null) await ready(url, program);
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    broker,
    api: keepLoggedIn(url, "admin", password),
    async serverKey() {
      const response = await fetch(`${url}/api/version`);
      return ((await response.json()) as Version).server_key;
    },
    async copyDatabase() {
      rmSync(copyDir, { recursive: true, force: true });
      const { code } = await host
        .start(serverFile, ["backup", copyDir], env)
        .exit(20_000);
      copied = code === 0;
      return copied;
    },
    async putBack() {
      if (!copied) return false;
      await end("SIGKILL");
      for (const tail of ["-wal", "-shm"])
        rmSync(`${database}${tail}`, { force: true });
      copyFileSync(join(copyDir, basename(database)), database);
      return true;
    },
    text: () => said + (program?.text() ?? ""),
  };
}
