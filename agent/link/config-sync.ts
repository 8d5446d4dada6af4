import { fromBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  sealContext,
  unseal,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  configAnswer,
  configBundle,
  type ConfigAnswer,
  type ConfigBundle,
} from "@restic-manager/shared/protocol/config.ts";
import type { SecretFile } from "../secrets/secret-file.ts";
import type { Connection } from "./link.ts";
import type { ServerRequests } from "./server-requests.ts";

/** What this host is to do, as the server last said. Kept on disk, so that it works without the server. */
export interface Configuration {
  current(): ConfigBundle | null;
  /** 0 before the first one. */
  revision(): number;
  /** Fetches the configuration until it is at least of revision `wanted`. Throws `LinkError`. */
  pull(connection: Connection, wanted: number): Promise<void>;
}

export interface ConfigurationDeps {
  readonly hostId: string;
  readonly agreement: AgreementKey;
  readonly requests: ServerRequests;
  readonly file: SecretFile;
  readonly log: Log;
  /** Called after a newer configuration is on disk. */
  readonly onApplied: (
    bundle: ConfigBundle,
    before: ConfigBundle | null,
  ) => void;
}

export function createConfiguration(deps: ConfigurationDeps): Configuration {
  const { hostId, file, log } = deps;
  let bundle = file.load();
  let pulling: Promise<void> = Promise.resolve();

  const revision = () => bundle?.rev ?? 0;

  async function fetchNewer(
    connection: Connection,
    wanted: number,
  ): Promise<void> {
    if (revision() >= wanted) return;
    const answer = await deps.requests.ask(
      connection,
      "cfg.get",
      { have: revision() },
      configAnswer,
    );
    const newer = openBundle(answer);
    if (newer === null)
      return log.error(
        "The server's configuration cannot be opened and was not applied",
        { revision: answer.rev },
      );
    // A replayed or restored older state must not bring back what was taken away.
    if (newer.rev <= revision())
      return log.warn(
        "The server offers an older configuration, which is not applied",
        { revision: newer.rev },
      );
    file.save(newer);
    const before = bundle;
    bundle = newer;
    log.info("The configuration was applied", { revision: newer.rev });
    deps.onApplied(newer, before);
  }

  function openBundle({ rev, box }: ConfigAnswer): ConfigBundle | null {
    const sealed = fromBase64Url(box);
    const plain =
      sealed === null
        ? null
        : unseal(sealed, deps.agreement, sealContext(hostId, "config", rev));
    const opened =
      plain === null
        ? null
        : parseJson(new TextDecoder().decode(plain), configBundle);
    return opened?.host === hostId && opened.rev === rev ? opened : null;
  }

  return {
    current: () => bundle,
    revision,
    pull(connection, wanted) {
      // One at a time: a second hint while the first is fetched must see its result.
      const mine = pulling.then(() => fetchNewer(connection, wanted));
      pulling = mine.catch(() => {});
      return mine;
    },
  };
}
