import { homedir } from "node:os";
import { join } from "node:path";
import type { Env } from "./env.ts";

/** Where the agent keeps things. Absolute paths. */
export interface AgentPaths {
  /** agent.yaml: what a person may edit. */
  readonly config: string;
  /** Folder only the agent writes: keys, approval, configuration, outbox, extracted restic, restic's cache. */
  readonly state: string;
  readonly identity: string;
  /** The key that is to replace the other one, until it is approved. */
  readonly nextIdentity: string;
  readonly approval: string;
  readonly secrets: string;
  /** The repository of an agent.yaml of the first generation, sealed. */
  readonly oldRepository: string;
  readonly database: string;
  readonly lock: string;
  /** Folders of snapshots that the server was told; may be lost. */
  readonly folders: string;
  readonly bin: string;
  readonly cache: string;
  /** Short-lived private files: certificates for restic, output pipes. */
  readonly tmp: string;
}

export interface PathOptions {
  readonly config?: string | undefined;
  readonly stateDir?: string | undefined;
}

export function agentPaths(
  options: PathOptions,
  env: Env,
  platform: NodeJS.Platform = process.platform,
): AgentPaths {
  const standard = standardPaths(env, platform);
  const state = options.stateDir ?? standard.state;
  return {
    config: options.config ?? standard.config,
    state,
    identity: join(state, "identity.json"),
    nextIdentity: join(state, "identity.next.json"),
    approval: join(state, "approval.json"),
    secrets: join(state, "config.sealed"),
    oldRepository: join(state, "old-repository.sealed"),
    database: join(state, "agent.db"),
    lock: join(state, "agent.lock"),
    folders: join(state, "folders"),
    bin: join(state, "bin"),
    cache: join(state, "cache"),
    tmp: join(state, "tmp"),
  };
}

/** Home folder of the user the agent runs as; a service is not always told. */
export function homeFolder(env: Env): string {
  return env["HOME"] ?? env["USERPROFILE"] ?? homedir();
}

function standardPaths(env: Env, platform: NodeJS.Platform) {
  if (platform !== "win32")
    return {
      config: "/etc/restic-manager/agent.yaml",
      state: "/var/lib/restic-manager",
    };
  const base = join(env["ProgramData"] ?? "C:\\ProgramData", "restic-manager");
  return { config: join(base, "agent.yaml"), state: join(base, "state") };
}
