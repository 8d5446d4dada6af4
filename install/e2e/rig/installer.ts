import { expect } from "bun:test";
import { pendingOf } from "./agent.ts";
import type { Api } from "./api.ts";
import type { Machine } from "./machine.ts";
import type { Program } from "./program.ts";
import type { Pending } from "./types.ts";

export const agentUnit = "restic-manager-agent.service";

/** Downloads install.sh from the server, as the documentation says, and starts it. */
export async function install(
  machine: Machine,
  url: string,
  args: readonly string[],
): Promise<Program> {
  const { code, text } = await machine.sh(
    `curl -fsS -o install.sh ${url}/install/install.sh`,
  );
  expect([code, text]).toEqual([0, ""]);
  return machine.start(
    ["bash", "install.sh", "--server", url, ...args],
    "install.sh",
  );
}

/** The pending host of an installer that waits for a person. */
export async function announced(api: Api, script: Program): Promise<Pending> {
  const [, fingerprint = ""] = await script.line(
    /Compare[^:]*:\s+(SHA256:[0-9a-f]{64})/,
    30_000,
  );
  return pendingOf(api, fingerprint);
}

/** Whether the agent's unit is enabled, and what it does. */
export const agentState = async (machine: Machine): Promise<string> =>
  `${await machine.show(agentUnit, "UnitFileState")} ${await machine.show(agentUnit, "SubState")}`;
