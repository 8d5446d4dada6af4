import { createCipheriv, createDecipheriv } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import {
  configBundle,
  type ConfigBundle,
} from "@restic-manager/shared/protocol/config.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { DamagedError } from "../damaged-error.ts";
import { replaceFile } from "../platform/replace-file.ts";
import type { Random } from "../random.ts";

/**
 * The last known good configuration with its repository passwords, so that backups run without the server. AES-256-GCM
 * under the key of agent.yaml, bound to the host: magic (4) ‖ nonce (12) ‖ tag (16) ‖ ciphertext. Mode 0600.
 */
export interface SecretFile {
  /** Null before the first configuration. Throws when the file is damaged or the key is another; it is left as it is. */
  load(): ConfigBundle | null;
  save(bundle: ConfigBundle): void;
}

const magic = "RMA1";
const headerLength = 4 + 12 + 16;

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
  const bound = new TextEncoder().encode(`rm-agent-config|${hostId}`);

  return {
    load() {
      if (!existsSync(path)) return null;
      const bundle = parseJson(
        open(readFileSync(path), key, bound) ?? "",
        configBundle,
      );
      if (bundle !== null) return bundle;
      throw new DamagedError(
        `${path} cannot be read: it is damaged, or secrets_key in agent.yaml is not the one it was written with. Restore the file or the key; or move the file away, and the agent fetches its configuration from the server again.`,
      );
    },
    save(bundle) {
      const nonce = random.bytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      cipher.setAAD(bound);
      const text = Buffer.concat([
        cipher.update(JSON.stringify(bundle), "utf8"),
        cipher.final(),
      ]);
      replaceFile(
        path,
        Buffer.concat([Buffer.from(magic), nonce, cipher.getAuthTag(), text]),
      );
    },
  };
}

function open(file: Buffer, key: Uint8Array, bound: Uint8Array): string | null {
  if (file.length < headerLength || file.toString("latin1", 0, 4) !== magic)
    return null;
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, file.subarray(4, 16));
    cipher.setAAD(bound);
    cipher.setAuthTag(file.subarray(16, headerLength));
    return (
      cipher.update(file.subarray(headerLength), undefined, "utf8") +
      cipher.final("utf8")
    );
  } catch {
    return null;
  }
}
