import {
  treeDone,
  treeHave,
  treePut,
} from "@restic-manager/shared/protocol/tree.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Events } from "../../events.ts";
import type { AgentCommands, AgentRequests } from "../../ports/agent-link.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Db } from "../../ports/db.ts";
import type { Route } from "../../ports/route.ts";
import type { Transaction } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import { createAsking } from "./asking.ts";
import { createBrowse } from "./browse.ts";
import { createClosing } from "./closing.ts";
import { createDiff } from "./diff.ts";
import { createGenerations } from "./generations.ts";
import { onHostGone } from "./host-gone.ts";
import { createIntake } from "./intake.ts";
import { createTreeReader } from "./reader.ts";
import type { TreeReader } from "./reader.ts";
import { treeRoutes } from "./routes.ts";
import { createSweep } from "./sweep.ts";

/** What is in snapshots, kept so that opening a folder needs no restic. */
export function createTreesFeature(deps: {
  db: Db;
  tx: Transaction;
  commands: AgentCommands;
  presence: { isOnline(hostId: string): boolean };
  hostsOfRepository: (repositoryId: string) => Promise<string[]>;
  audit: Audit;
  events: Events;
  random: Random;
  clock: Clock;
  log: Log;
}): {
  routes: Route[];
  lookUp: TreeReader["lookUp"];
  connect(requests: AgentRequests): void;
  start(): Cancel;
} {
  const closing = createClosing();
  const generations = createGenerations(deps);
  const reader = createTreeReader({ ...deps, generations });
  const parts = { ...deps, closing, generations, reader };
  const sweep = createSweep(parts);
  const intake = createIntake({
    ...parts,
    onProgress: (repositoryId) =>
      deps.events.emit({ type: "snapshots.changed", repositoryId }),
  });

  return {
    lookUp: reader.lookUp,
    routes: treeRoutes({
      browse: createBrowse(parts),
      diff: createDiff(parts),
      asking: createAsking(parts),
      sweep,
    }),
    connect(requests) {
      requests.on("tree.have", treeHave, intake.have);
      requests.on("tree.put", treePut, intake.put);
      requests.on("tree.done", treeDone, intake.done);
    },
    start() {
      const stopSweeping = sweep.start();
      const stopHearing = onHostGone(deps, intake.forget);
      return () => {
        stopSweeping();
        stopHearing();
      };
    },
  };
}
