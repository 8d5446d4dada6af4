import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { pendingOf } from "../e2e/rig/agent.ts";
import type { Api } from "../e2e/rig/api.ts";
import type { Program } from "../e2e/rig/program.ts";
import type { Server } from "../e2e/rig/server.ts";
import type { Pending } from "../e2e/rig/types.ts";
import type { Machine } from "./wine.ts";

const installed = String.raw`C:\restic-manager\restic-manager-agent.exe`;

/** Fetches the agent from the server, as its dashboard offers it. */
export async function download(
  machine: Machine,
  { url }: Server,
): Promise<void> {
  const get = (path: string) => fetch(`${url}${path}?os=windows&arch=x64`);
  const answer = await get("/agent/binary");
  if (!answer.ok) throw new Error(await answer.text());
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const sum = createHash("sha256").update(bytes).digest("hex");
  const said = await (await get("/agent/binary.sha256")).text();
  if (!said.startsWith(sum))
    throw new Error(`the checksum is ${sum}, the server says ${said}`);
  const file = linuxPath(machine, installed);
  mkdirSync(dirname(file));
  writeFileSync(file, bytes);
}

/** An agent with files of its own. */
export interface WindowsAgent {
  /** Starts a verb with these files. */
  verb(word: string, ...args: string[]): Program;
  /** `enrol` as the dashboard shows it. */
  enrol(server: Server): Promise<Program>;
}

/** `name` may be anything Windows takes as the name of a folder. */
export function windowsAgent(machine: Machine, name: string): WindowsAgent {
  const folder = `C:\\ProgramData\\${name}`;
  const files = [
    "--config",
    `${folder}\\agent.yaml`,
    "--state-dir",
    `${folder}\\state`,
  ];
  const verb = (word: string, ...args: string[]): Program =>
    startAgent(machine, [word, ...args, ...files]);
  return {
    verb,
    enrol: async (server) =>
      verb("enrol", server.url, "--server-key", await server.serverKey()),
  };
}

/** Starts the agent without files of its own, in `C:\` unless told another folder of the machine. */
export function startAgent(
  machine: Machine,
  args: readonly string[],
  cwd?: string,
): Program {
  return machine.start(installed, args, cwd);
}

/** The host that waits with the fingerprint on this agent's terminal. */
export async function announced(api: Api, agent: Program): Promise<Pending> {
  const [fingerprint] = await agent.line(/SHA256:[0-9a-f]{64}/, 60_000);
  return pendingOf(api, fingerprint);
}

/** Where a path below `C:\` lies on this machine. */
export function linuxPath({ drive }: Machine, path: string): string {
  return join(drive, path.replace(/^C:/, "").replaceAll("\\", "/"));
}
