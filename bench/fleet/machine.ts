import { descendants, residentBytes } from "../../install/e2e/rig/processes.ts";
import type { Server } from "../../install/e2e/rig/server.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { cpuOf } from "../cpu.ts";

/** What server and broker use: CPU time in milliseconds, resident memory in bytes. */
export interface Use {
  readonly serverMs: number;
  readonly brokerMs: number;
  readonly serverBytes: number;
  readonly brokerBytes: number;
}

/** Pid of the broker that the server runs now. */
export function brokerOf(server: Server): Promise<number> {
  return waitFor(
    "the broker runs",
    () =>
      descendants(server.program().pid).find(({ args }) =>
        args.includes("nats-server"),
      )?.pid,
  );
}

/** From now on; the returned function says what was used until it is called, and the memory of that moment. */
export async function startUse(server: Server): Promise<() => Use> {
  const pids = [server.program().pid, await brokerOf(server)] as const;
  const before = pids.map(cpuOf);
  return () => {
    const [serverMs = 0, brokerMs = 0] = pids.map(
      (pid, i) => cpuOf(pid) - (before[i] ?? 0),
    );
    return {
      serverMs,
      brokerMs,
      serverBytes: residentBytes(pids[0]),
      brokerBytes: residentBytes(pids[1]),
    };
  };
}
