import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Api, logIn } from "./api.ts";
import { freePort, type Lab } from "./lab.ts";
import { serverFile } from "./places.ts";
import type { Exit, Program } from "./program.ts";
import type { Version } from "./types.ts";
import { waitFor } from "./wait.ts";

export const adminPassword = "correct horse battery staple";

export interface Server {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The running process; another one after a restart. */
  program(): Program;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  kill(): Promise<Exit>;
  stop(): Promise<Exit>;
  /** A new session of the administrator. */
  logIn(): Promise<Api>;
  /** Fingerprint for `--server-key`. */
  serverKey(): Promise<string>;
}

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** False: no password file, so that the server prints its bootstrap URL. */
  readonly admin?: boolean;
  /** Address of RM_LISTEN. */
  readonly listen?: string;
  /** The executable; absent: the one that was built. */
  readonly file?: string;
}

/** A server in an empty folder, answering on a free loopback port. */
export async function startServer(
  lab: Lab,
  options: ServerOptions = {},
): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = options.file ?? serverFile;
  const dataDir = join(lab.dir, `server-${port}`);
  const cwd = lab.folder(`cwd-${port}`);
  const passwordFile = join(lab.dir, "admin-password");
  writeFileSync(passwordFile, `${adminPassword}\n`, { mode: 0o600 });
  const env: Record<string, string> = {
    RM_LISTEN: `${options.listen ?? "127.0.0.1"}:${port}`,
    RM_DATA_DIR: dataDir,
    ...(options.admin === false
      ? {}
      : { RM_ADMIN_PASSWORD_FILE: passwordFile }),
    ...options.env,
  };
  let program: Program;

  async function start(): Promise<void> {
    program = lab.start(file, [], { env, cwd, name: "server" });
    await ready(url, program);
  }

  await start();
  return {
    url,
    port,
    dataDir,
    program: () => program,
    start,
    kill: () => program.kill(),
    stop: () => program.stop(),
    logIn: () => logIn(url, "admin", adminPassword),
    async serverKey() {
      const response = await fetch(`${url}/api/version`);
      return ((await response.json()) as Version).server_key;
    },
  };
}

/** The first readiness answer. Fails at once when the server ends instead. */
export async function ready(url: string, program: Program): Promise<void> {
  await waitFor(
    "the server is ready",
    async () => {
      if (!program.running())
        throw new Error(`the server ended:\n${program.text()}`);
      const response = await fetch(`${url}/readyz`).catch(() => null);
      return response?.ok;
    },
    30_000,
    () => program.text().slice(-3000),
  );
}

/** The one-time URL that a server without users prints. */
export async function bootstrapUrl(server: Server): Promise<URL> {
  const [url] = await server.program().line(/http:\/\/\S+\/bootstrap\S*/);
  return new URL(url);
}
