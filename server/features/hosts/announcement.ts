import { z } from "zod";
import {
  fingerprintOf,
  type Fingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  publicKeyBytes,
} from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  type SignedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  announceDocument,
  tokenContext,
  type AnnounceDocument,
} from "@restic-manager/shared/protocol/announce.ts";
import {
  protocolFits,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { AppError } from "../../app-error.ts";
import { verifySignature } from "../../identity.ts";
import type { ServerIdentity } from "../../identity.ts";

export interface CheckedAnnouncement {
  readonly document: AnnounceDocument;
  readonly publicKey: Uint8Array;
  readonly x25519: Uint8Array;
  readonly fingerprint: Fingerprint;
  /** A one-time token; null when it waits for a person. */
  readonly token: string | null;
}

/** The protocol's window alone: a document of another version may differ in everything else. */
const versionWindow = z.looseObject({
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
});

/**
 * Checks an announce document: readable, of a version we speak, signed by the key it names, and meant for the server
 * `identity` is.
 *
 * @throws AppError that tells the endpoint's terminal what to do
 */
export function checkAnnouncement(
  signed: SignedText,
  identity: Pick<ServerIdentity, "publicKeyText" | "open">,
): CheckedAnnouncement {
  const body = readJson(signed.b);
  checkVersion(body);
  const parsed = announceDocument.safeParse(body);
  if (!parsed.success) throw unreadable(parsed.error);
  const document = parsed.data;
  const publicKey = publicKeyBytes(document.public_key);
  if (publicKey === null) throw new AppError("public_key_invalid");
  const x25519 = publicKeyBytes(document.x25519);
  if (x25519 === null) {
    throw new AppError("public_key_invalid", {
      message: "x25519 must be exactly 32 bytes, base64url.",
    });
  }
  const isSigned = openSigned(
    "rm-announce-v1",
    signed,
    publicKey,
    verifySignature,
    z.unknown(),
  );
  if (isSigned === null) throw new AppError("signature_invalid");
  if (document.server_key !== identity.publicKeyText)
    throw new AppError("server_key_mismatch");
  return {
    document,
    publicKey,
    x25519,
    fingerprint: fingerprintOf(publicKey),
    token: openToken(document, identity),
  };
}

function openToken(
  { token, public_key }: AnnounceDocument,
  identity: Pick<ServerIdentity, "open">,
): string | null {
  if (token === undefined) return null;
  const box = fromBase64Url(token);
  const text = box && identity.open(box, tokenContext(public_key));
  if (text === null) throw new AppError("token_invalid");
  return new TextDecoder().decode(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("announce_invalid");
  }
}

function checkVersion(body: unknown): void {
  const { success, data } = versionWindow.safeParse(body);
  if (!success) throw new AppError("announce_invalid");
  const theirs = { min: data.protocol_min, max: data.protocol_max };
  if (protocolFits(theirs)) return;
  throw new AppError(
    theirs.max < protocolMin ? "protocol_too_old" : "protocol_too_new",
  );
}

function unreadable(error: z.ZodError): AppError {
  const [issue] = error.issues;
  const field = issue?.path.join(".") ?? "";
  return new AppError("announce_invalid", {
    message: `The announce document cannot be read (${field}: ${issue?.message}); update the agent.`,
  });
}
