import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  BrokerAddress,
  BrokerKeyStore,
  DebugCreds,
} from "../ports/broker.ts";
import { StartError } from "../app-error.ts";
import type { Random } from "../random.ts";
import { debugCreds } from "./nats-claims.ts";
import { brokerPaths, natsUrl } from "./nats-config.ts";
import { parseBrokerKeys } from "./nats-keys.ts";
import { runningBroker } from "./nats-orphan.ts";
import { readPorts } from "./nats-process.ts";

export interface OfflineCredsDeps {
  readonly dataDir: string;
  readonly store: Pick<BrokerKeyStore, "load">;
  readonly random: Pick<Random, "bytes">;
  readonly nowSeconds: number;
}

/**
 * Credentials for the `nats` command line, made beside a running server and without asking it: the broker trusts whoever
 * holds the scoped key. The URL is that of the broker which runs by this data directory, null when none does.
 * @throws StartError when no server has started here yet.
 */
export async function offlineDebugCreds(
  deps: OfflineCredsDeps,
  ttlSeconds: number,
): Promise<DebugCreds> {
  const text = await deps.store.load();
  if (text === null)
    throw new StartError(
      "The broker has no keys yet. Start the server once, then run this again.",
    );
  const creds = debugCreds(
    parseBrokerKeys(text),
    deps.random,
    deps.nowSeconds,
    ttlSeconds,
  );
  const address = await runningAddress(deps.dataDir);
  return { creds, url: natsUrl(address) };
}

async function runningAddress(dataDir: string): Promise<BrokerAddress | null> {
  const paths = brokerPaths(dataDir);
  const pid = await runningBroker(paths);
  if (pid === null) return null;
  const files = await readdir(paths.ports).catch(() => []);
  const file = files.find((name) => name.endsWith(`_${pid}.ports`));
  return file === undefined
    ? null
    : ((await readPorts(join(paths.ports, file)))?.address ?? null);
}
