import { join } from "node:path";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import { saveApproval } from "../identity/approval.ts";
import { loadOrMintIdentity, type Identity } from "../identity/identity.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { saveConfig, newSecretsKey, type AgentConfig } from "../config.ts";
import { systemClock } from "../clock.ts";
import { childEnv } from "../platform/env.ts";
import { agentPaths, type AgentPaths } from "../platform/paths.ts";
import { createSpawner, type Child } from "../platform/spawn.ts";
import { createRandom } from "../random.ts";
import { resticPath, testEnv } from "./programs.ts";
import { testHost, type TestServer } from "./test-server.ts";

const main = join(import.meta.dir, "..", "main.ts");
const random = createRandom(systemClock);

export interface AgentProcess extends Child {
  /** Everything said so far, a line each, both streams. */
  readonly lines: readonly string[];
}

/** Where the agent of a test keeps its things. */
export function pathsIn(dir: string): AgentPaths {
  return agentPaths(
    { config: join(dir, "etc", "agent.yaml"), stateDir: join(dir, "state") },
    testEnv,
  );
}

/** Makes the identity that an agent in `dir` will find. */
export function identityIn(dir: string): Identity {
  return loadOrMintIdentity(pathsIn(dir).identity, random);
}

/** How the agent is started from source, with its things in `dir`. */
export function agentCommand(dir: string, ...args: readonly string[]) {
  const { config, state } = pathsIn(dir);
  const [verb = "run", ...rest] = args;
  return {
    file: process.execPath,
    args: [main, verb, "--config", config, "--state-dir", state, ...rest],
    env: {
      ...childEnv(testEnv),
      RM_LOG_LEVEL: "debug",
      RM_ASSETS_DIR: join(dir, "no-assets"),
    },
  };
}

/** Starts the agent as its own process. */
export function startAgent(
  dir: string,
  ...args: readonly string[]
): AgentProcess {
  const lines: string[] = [];
  const child = createSpawner({ tmpDir: join(dir, "spawn") }).start({
    ...agentCommand(dir, ...args),
    onLine: (_stream, line) => lines.push(line),
  });
  return { ...child, lines };
}

/** Runs the agent to its end. */
export async function agentEnds(
  dir: string,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string }> {
  const agent = startAgent(dir, ...args);
  const { code } = await agent.exited;
  return { code, output: agent.lines.join("\n") };
}

/** Puts an approved agent of `server` into `dir`, with a real restic. */
export function approve(
  dir: string,
  server: TestServer,
  config: Partial<AgentConfig> = {},
): void {
  const paths = pathsIn(dir);
  const identity = identityIn(dir);
  saveConfig(paths.config, {
    server: [server.url],
    secrets_key: newSecretsKey(random.bytes(32)),
    restic_path: resticPath(),
    ...config,
  });
  saveApproval(paths.approval, {
    host_id: testHost,
    host_name: "endpoint",
    public_key: toBase64Url(identity.publicKey),
    server_key: toBase64Url(server.key.publicKey),
    jwt: server.jwt(0, 3_600),
    approved_at: new Date(systemClock.now()).toISOString(),
  });
}

export function serverKeyOf(server: TestServer): string {
  return fingerprintOf(server.key.publicKey);
}
