import { readFile, rm } from "node:fs/promises";
import { readlinkSync } from "node:fs";
import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { StartError } from "../app-error.ts";
import type { BrokerPaths } from "./nats-config.ts";

/**
 * Ends a broker that an earlier server left behind. A pid alone proves nothing, numbers are reused: the command line must
 * name our configuration.
 * @throws StartError when the broker belongs to a server that still runs.
 */
export async function endOrphan(
  paths: BrokerPaths,
  deps: { clock: Clock; log: Log },
): Promise<void> {
  const pid = await runningBroker(paths);
  if (pid !== null) {
    await refuseLiveOwner(pid, paths);
    deps.log.warn("Ending a broker that an earlier server left behind", {
      pid,
    });
    await terminate(pid, paths, deps.clock);
  }
  await rm(paths.pidFile, { force: true });
}

/** Pid of the nats-server that runs by our configuration, or null. */
export async function runningBroker(
  paths: BrokerPaths,
): Promise<number | null> {
  const pid = Number(await readText(paths.pidFile));
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  const commandLine = await readText(`/proc/${pid}/cmdline`);
  return commandLine.split("\0").includes(paths.config) ? pid : null;
}

async function refuseLiveOwner(pid: number, paths: BrokerPaths): Promise<void> {
  const status = await readText(`/proc/${pid}/status`);
  const parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
  if (parent > 1 && executableOf(parent) === process.execPath)
    throw new StartError(
      `Another server (process ${parent}) uses ${paths.root}. Stop it first, or set RM_DATA_DIR to another directory.`,
    );
}

function executableOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}

async function terminate(
  pid: number,
  paths: BrokerPaths,
  clock: Clock,
): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalIfAlive(pid, signal);
    for (let waited = 0; waited < 5000; waited += 50) {
      if ((await runningBroker(paths)) === null) return;
      await delay(clock, 50);
    }
  }
  throw new StartError(
    `A broker of an earlier start (process ${pid}) cannot be ended. End it by hand, then start again.`,
  );
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
