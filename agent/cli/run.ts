import { runAgent } from "../app.ts";
import { readConfig } from "../config.ts";
import { readApproval } from "../identity/approval.ts";
import { readOwnIdentity } from "../identity/identity.ts";
import { RejectedError, RemovedError } from "../identity/refusals.ts";
import { clearLeftovers, makeFolders } from "../platform/folders.ts";
import { takeInstanceLock } from "../platform/instance-lock.ts";
import { moveOldRepository } from "../secrets/old-repository.ts";
import { build } from "../version.ts";
import { exitCodes, type CliContext } from "./context.ts";

/** Wrong use; the message names the remedy. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** Another agent has this host's state. */
export class AlreadyRunningError extends Error {
  constructor(lock: string) {
    super(
      `The agent already runs on this host (it holds ${lock}). Stop it first.`,
    );
    this.name = "AlreadyRunningError";
  }
}

/** Runs the agent until it is told to stop. */
export function run(context: CliContext): Promise<number> {
  return holdingLock(context, () => runHeld(context));
}

/** Does something that only one agent of this host may do at a time. */
export async function holdingLock(
  { paths, terminal }: CliContext,
  work: () => Promise<number>,
): Promise<number> {
  for (const folder of makeFolders(paths))
    terminal.complain(
      `${folder} could not be closed to other users; let only administrators read it.`,
    );
  const lock = takeInstanceLock(paths.lock);
  if (lock === null) throw new AlreadyRunningError(paths.lock);
  try {
    clearLeftovers(paths);
    return await work();
  } finally {
    lock.release();
  }
}

/** `run` for who holds the lock. */
export async function runHeld(context: CliContext): Promise<number> {
  const { paths, random, log, signal } = context;
  log.info("The agent starts", {
    version: build.version,
    commit: build.commit,
  });
  if (moveOldRepository(paths, random))
    log.warn(
      "The repository and its password in agent.yaml were moved into a sealed file; set the repository up in the dashboard, restic-manager-agent old-repository shows what to enter",
    );
  for (;;) {
    const config = readConfig(paths.config);
    const approval = readApproval(paths.approval);
    const identity = readOwnIdentity(paths, approval);
    if (config === null || approval === null || identity === null)
      throw new UsageError(
        "This host is not approved yet. Use the enrol command that the dashboard shows.",
      );
    const end = await runAgent({
      ...context,
      config,
      approval,
      identity,
      signal,
    });
    if (end === "host_changed") {
      log.warn("The server knows this host by another id now; starting anew");
      continue;
    }
    log.info("The agent stopped", { reason: end });
    if (end === "rejected") throw new RejectedError();
    if (end === "removed") throw new RemovedError(config.server[0] ?? "");
    return exitCodes.ok;
  }
}
