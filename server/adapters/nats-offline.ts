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
import {
  type BrokerKeys,
  parseBrokerKeys,
  withNewAgentSigning,
} from "./nats-keys.ts";
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
  const creds = debugCreds(
    await storedKeys(deps.store),
    deps.random,
    deps.nowSeconds,
    ttlSeconds,
  );
  const address = await runningAddress(deps.dataDir);
  return { creds, url: natsUrl(address) };
}

/**
 * Changes who signs the agents' JWTs, while no server runs: `add` makes a fresh signer beside the present one, `drop`
 * forgets those before it, so that what they signed opens nothing.
 * @throws StartError when a server runs, or there is nothing to drop.
 */
export async function rotateAgentSigning(
  deps: {
    readonly dataDir: string;
    readonly store: BrokerKeyStore;
    readonly random: Pick<Random, "bytes">;
  },
  step: "add" | "drop",
): Promise<void> {
  if ((await runningBroker(brokerPaths(deps.dataDir))) !== null)
    throw new StartError(
      "The server runs by this data directory. Stop it, then run this again.",
    );
  const keys = await storedKeys(deps.store);
  if (step === "drop" && keys.formerAgentSigning.length === 0)
    throw new StartError(
      "There is no former signing key. Run this without --finish first.",
    );
  const changed =
    step === "add"
      ? withNewAgentSigning(keys, deps.random)
      : { ...keys, formerAgentSigning: [] };
  await deps.store.save(JSON.stringify(changed));
}

async function storedKeys(
  store: Pick<BrokerKeyStore, "load">,
): Promise<BrokerKeys> {
  const text = await store.load();
  if (text === null)
    throw new StartError(
      "The broker has no keys yet. Start the server once, then run this again.",
    );
  return parseBrokerKeys(text);
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
