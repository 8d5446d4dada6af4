import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wsconnect, type NatsConnection } from "@nats-io/nats-core";
import { z } from "zod";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { SigningKey } from "../identity/keys.ts";
import { createSpawner, type Child } from "../platform/spawn.ts";
import { natsServerPath, testEnv } from "./programs.ts";
import { until } from "./until.ts";

export interface TestNats {
  /** Address as agent.yaml names a server: NATS in WebSocket is at `nats` below it. */
  readonly server: string;
  readonly serverKey: SigningKey;
  connectAs(key: SigningKey): Promise<NatsConnection>;
  /** Lets agents with these keys in, and cuts and refuses all others. Ed25519, 32 bytes each. */
  allow(agents: readonly Uint8Array[]): void;
  stop(): Promise<void>;
}

/** A real nats-server for one test, with a WebSocket listener and JetStream. `agent` may do what the product lets it. */
export async function startNats(
  dir: string,
  keys: {
    agent: SigningKey;
    agentRights: { publish: string[]; subscribe: string[] };
    server: SigningKey;
  },
): Promise<TestNats> {
  const user = ({ publicKey }: Pick<SigningKey, "publicKey">) =>
    encodeNkey("user", publicKey);
  const { publish, subscribe } = keys.agentRights;
  const config = join(dir, "nats.conf");
  const writeConfig = (agents: readonly Uint8Array[]) =>
    writeFileSync(
      config,
      `listen: "127.0.0.1:-1"
ports_file_dir: "${dir}"
jetstream { store_dir: "${join(dir, "js")}" }
websocket { listen: "127.0.0.1:-1", no_tls: true }
max_payload: 1MB
authorization { users: [
  { nkey: ${user(keys.server)} },
${agents.map((publicKey) => `  { nkey: ${user({ publicKey })}, permissions: { publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(subscribe)}, allow_responses: true } },`).join("\n")}
] }
`,
    );
  writeConfig([keys.agent.publicKey]);
  const output: string[] = [];
  const child: Child = createSpawner({ tmpDir: join(dir, "tmp") }).start({
    file: natsServerPath(),
    args: ["-c", config],
    env: { PATH: testEnv["PATH"] ?? "" },
    onLine: (_stream, line) => output.push(line),
  });
  let ended = false;
  void child.exited.then(() => (ended = true));
  await until("nats-server", () => ended || readPorts(dir) !== null);
  if (ended) throw new Error(`nats-server ended: ${output.join("\n")}`);
  const address = (readPorts(dir)?.websocket[0] ?? "").replace("ws://", "");

  return {
    server: `http://${address}`,
    serverKey: keys.server,
    connectAs: (key) =>
      wsconnect({
        servers: `ws://${address}`,
        authenticator: (nonce) => ({
          nkey: user(key),
          sig: toBase64Url(key.sign(new TextEncoder().encode(nonce ?? ""))),
        }),
      }),
    allow(agents) {
      writeConfig(agents);
      process.kill(child.pid ?? 0, "SIGHUP");
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

const portsFile = z.object({ websocket: z.array(z.string()).min(1) });

/** Null until nats-server has written the file whole. */
function readPorts(dir: string): z.infer<typeof portsFile> | null {
  const name = readdirSync(dir).find((file) => file.endsWith(".ports"));
  return name === undefined
    ? null
    : parseJson(readFileSync(join(dir, name), "utf8"), portsFile);
}
