import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { replaceFile } from "../platform/replace-file.ts";
import type { Random } from "../random.ts";

/**
 * A text that only this host reads: AES-256-GCM under the key of agent.yaml, bound to a context. Magic (4) ‖ nonce (12) ‖
 * tag (16) ‖ ciphertext. Mode 0600.
 */
export interface Sealing {
  readonly path: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** A file of another context does not open. */
  readonly context: string;
}

const magic = "RMA1";
const headerLength = 4 + 12 + 16;

export function writeSealed(
  { path, key, context }: Sealing,
  text: string,
  random: Random,
): void {
  const nonce = random.bytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(new TextEncoder().encode(context));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  replaceFile(
    path,
    Buffer.concat([Buffer.from(magic), nonce, cipher.getAuthTag(), sealed]),
  );
}

/** Null when the file is damaged, or of another key or context. */
export function readSealed({ path, key, context }: Sealing): string | null {
  const file = readFileSync(path);
  if (file.length < headerLength || file.toString("latin1", 0, 4) !== magic)
    return null;
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, file.subarray(4, 16));
    cipher.setAAD(new TextEncoder().encode(context));
    cipher.setAuthTag(file.subarray(16, headerLength));
    return (
      cipher.update(file.subarray(headerLength), undefined, "utf8") +
      cipher.final("utf8")
    );
  } catch {
    return null;
  }
}
