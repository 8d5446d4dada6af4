import { existsSync } from "node:fs";
import {
  configBundle,
  type ConfigBundle,
} from "@restic-manager/shared/protocol/config.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { DamagedError } from "../damaged-error.ts";
import type { Random } from "../random.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";

/** The last known good configuration with its repository passwords, sealed, so that backups run without the server. */
export interface SecretFile {
  /** Null before the first configuration. Throws when the file is damaged or the key is another; it is left as it is. */
  load(): ConfigBundle | null;
  save(bundle: ConfigBundle): void;
}

export interface SecretFileDeps {
  readonly path: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly hostId: string;
  readonly random: Random;
}

export function createSecretFile({
  path,
  key,
  hostId,
  random,
}: SecretFileDeps): SecretFile {
  const sealing = { path, key, context: `rm-agent-config|${hostId}` };
  return {
    load() {
      if (!existsSync(path)) return null;
      const bundle = parseJson(readSealed(sealing) ?? "", configBundle);
      if (bundle !== null) return bundle;
      throw new DamagedError(
        `${path} cannot be read: it is damaged, or secrets_key in agent.yaml is not the one it was written with. Restore the file or the key; or move the file away, and the agent fetches its configuration from the server again.`,
      );
    },
    save: (bundle) => writeSealed(sealing, JSON.stringify(bundle), random),
  };
}
