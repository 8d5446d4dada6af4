import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createSpawner } from "../platform/spawn.ts";
import { childEnv } from "../platform/env.ts";
import { restServerPath, testEnv } from "./programs.ts";
import { until } from "./until.ts";

export interface RestServer {
  /** In restic's notation. */
  readonly url: string;
  stop(): Promise<void>;
  /** Listens again at the same address. */
  start(): Promise<void>;
}

/** A real rest-server over a folder that others may serve too. */
export async function startRestServer(
  folder: string,
  { appendOnly = false, htpasswd = "", maxBytes = 0 } = {},
): Promise<RestServer> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const spawner = createSpawner({ tmpDir: join(folder, "..", "tmp") });
  const args = [
    "--path",
    folder,
    "--listen",
    address,
    ...(appendOnly ? ["--append-only"] : []),
    ...(maxBytes === 0 ? [] : ["--max-size", String(maxBytes)]),
    ...(htpasswd === "" ? ["--no-auth"] : ["--htpasswd-file", htpasswd]),
  ];
  let child: ReturnType<typeof spawner.start> | null = null;
  const server: RestServer = {
    url: `rest:http://${address}/repo/`,
    async start() {
      child = spawner.start({
        file: restServerPath(),
        args,
        env: childEnv(testEnv),
        onLine: () => {},
      });
      await until("the rest-server", () => answers(`http://${address}/`));
    },
    async stop() {
      child?.kill();
      await child?.exited;
    },
  };
  await server.start();
  return server;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
