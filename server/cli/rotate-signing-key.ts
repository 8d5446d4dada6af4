import type { Clock } from "@restic-manager/shared/clock.ts";
import { createBrokerKeyStore } from "../adapters/broker-key-store.ts";
import { rotateAgentSigning } from "../adapters/nats-offline.ts";
import type { Config } from "../config.ts";
import { createAudit } from "../features/audit/service.ts";
import { systemInitiator } from "../ports/audit.ts";
import type { Random } from "../random.ts";
import { openExistingDataAlone } from "./open-data.ts";

/**
 * Replaces the key that signs the agents' access to the broker, in two steps of this command with a start of the
 * server between them: first both keys open, then (`finish`) only the new one.
 *
 * @returns what to do next
 */
export async function rotateSigningKey(
  config: Pick<Config, "dataDir" | "secretKeyFile">,
  clock: Clock,
  random: Random,
  finish: boolean,
): Promise<string> {
  const { store, secrets } = openExistingDataAlone(config, random);
  try {
    await rotateAgentSigning(
      {
        dataDir: config.dataDir,
        store: createBrokerKeyStore(store.db, secrets, clock),
        random,
      },
      finish ? "drop" : "add",
    );
    const audit = createAudit({ clock, random });
    await store.tx.run((trx) =>
      audit.record(trx, systemInitiator("command line"), {
        action: "nats.rotate_signing_key",
        payload: { finish },
      }),
    );
    return finish ? done : next;
  } finally {
    await store.close();
  }
}

const next = `There is a fresh signing key; the one before it still opens.
Start the server: every agent renews its access when it says hello. When all hosts have been online,
stop the server and run: restic-manager-server nats rotate-signing-key --finish`;

const done = `The former signing key opens nothing any more. Start the server.
An agent that was away meanwhile comes back by itself: its own key is not touched.`;
