import { renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { duration } from "../config-values.ts";
import { createBrokerKeyStore } from "../adapters/broker-key-store.ts";
import { offlineDebugCreds } from "../adapters/nats-offline.ts";
import { StartError } from "../app-error.ts";
import type { Config } from "../config.ts";
import { onDisk } from "./on-disk.ts";
import { openExistingData } from "./open-data.ts";
import { systemInitiator } from "../ports/audit.ts";
import { createAudit } from "../features/audit/service.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Random } from "../random.ts";

export interface NatsCredsOptions {
  readonly role: string;
  readonly ttl: string;
  readonly out: string;
}

const longestTtlMs = 24 * 3_600_000;

/**
 * Writes credentials with which the `nats` command may read everything on the broker and publish nothing.
 *
 * @returns the command line to run with them
 */
export async function natsCreds(
  config: Pick<Config, "dataDir" | "secretKeyFile">,
  clock: Clock,
  random: Random,
  options: NatsCredsOptions,
): Promise<string> {
  if (options.role !== "debug-read") {
    throw new StartError(`There is no role ${options.role}; use debug-read.`);
  }
  const ttl = duration.safeParse(options.ttl);
  if (!ttl.success || ttl.data > longestTtlMs) {
    throw new StartError("--ttl takes up to 24h, for example 1h or 30m.");
  }
  const { store, secrets } = openExistingData(config, random);
  try {
    const { creds, url } = await offlineDebugCreds(
      {
        dataDir: config.dataDir,
        store: createBrokerKeyStore(store.db, secrets, clock),
        random,
        nowSeconds: Math.floor(clock.now() / 1000),
      },
      Math.floor(ttl.data / 1000),
    );
    if (url === null) {
      throw new StartError(
        "The broker does not run. Start the server, then run this again.",
      );
    }
    const audit = createAudit({ clock, random });
    await store.tx.run((trx) =>
      audit.record(trx, systemInitiator("command line"), {
        action: "nats.creds",
        payload: { role: options.role, ttl: options.ttl },
      }),
    );
    const file = resolve(options.out);
    // Never into a file, or through a link, that somebody else has put there.
    const draft = `${file}.${process.pid}.new`;
    onDisk(file, "Name another file with --out.", () => {
      writeFileSync(draft, creds, { mode: 0o600, flag: "wx" });
      renameSync(draft, file);
    });
    return `nats --server ${url} --creds ${quoted(file)} sub 'rm.v1.>'`;
  } finally {
    await store.close();
  }
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
