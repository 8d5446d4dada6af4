import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { z } from "zod";
import {
  fingerprintOf,
  type Fingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import type { AgreementKey } from "@restic-manager/shared/identity/seal.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { DamagedError } from "../damaged-error.ts";
import { moveFile, replaceFile } from "../platform/replace-file.ts";
import type { Random } from "../random.ts";
import { agreementKey, signingKey, type SigningKey } from "./keys.ts";

/** Who this agent is. Both keys are made here and never leave this host. */
export interface Identity extends SigningKey {
  readonly fingerprint: Fingerprint;
  /** What secrets are sealed to. */
  readonly agreement: AgreementKey;
}

const secret = z.string().refine((text) => fromBase64Url(text)?.length === 32);
const identityFile = z.object({
  v: z.literal(1),
  ed25519: secret,
  x25519: secret,
});
type IdentityFile = z.infer<typeof identityFile>;

/** Reads the identity. Null when none was made yet; a damaged file is an error and is never written over. */
export function readIdentity(path: string): Identity | null {
  if (!existsSync(path)) return null;
  const file = parseJson(readFileSync(path, "utf8"), identityFile);
  if (file === null)
    throw new DamagedError(
      `${path} is damaged. Restore it from a backup; or remove it, enrol again and have the new fingerprint approved.`,
    );
  keepPrivate(path);
  return identityOf(file);
}

/** Reads the identity or makes it, once for the life of this host. Mode 0600. */
export function loadOrMintIdentity(path: string, random: Random): Identity {
  const known = readIdentity(path);
  if (known !== null) return known;
  const file: IdentityFile = {
    v: 1,
    ed25519: toBase64Url(random.bytes(32)),
    x25519: toBase64Url(random.bytes(32)),
  };
  replaceFile(path, `${JSON.stringify(file)}\n`);
  return identityOf(file);
}

/**
 * Who this host is, given its approval. A key that was to replace the other one, and was approved before the agent ended, is
 * put in its place first.
 */
export function readOwnIdentity(
  paths: { readonly identity: string; readonly nextIdentity: string },
  approval: { readonly public_key: string } | null,
): Identity | null {
  const next = readIdentity(paths.nextIdentity);
  if (next !== null && approval?.public_key === toBase64Url(next.publicKey))
    moveFile(paths.nextIdentity, paths.identity);
  return readIdentity(paths.identity);
}

function identityOf({ ed25519, x25519 }: IdentityFile): Identity {
  const key = signingKey(bytesOf(ed25519));
  return {
    ...key,
    fingerprint: fingerprintOf(key.publicKey),
    agreement: agreementKey(bytesOf(x25519)),
  };
}

function bytesOf(text: string): Uint8Array {
  return fromBase64Url(text) ?? new Uint8Array();
}

/** A restore or copy may have widened the rights. */
function keepPrivate(path: string): void {
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0)
    chmodSync(path, 0o600);
}
