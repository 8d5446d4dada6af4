import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import type { SealPurpose } from "@restic-manager/shared/identity/seal.ts";
import type { SealRecipient, ServerIdentity } from "../../identity.ts";

/** The box of a command around what only its host may read. */
export type SealTo = (
  host: SealRecipient,
  purpose: SealPurpose,
  commandId: string,
  secret: object,
) => string;

export function createSealTo(
  identity: Pick<ServerIdentity, "sealFor">,
): SealTo {
  return (host, purpose, commandId, secret) => {
    const plaintext = new TextEncoder().encode(JSON.stringify(secret));
    return toBase64Url(identity.sealFor(host, purpose, commandId, plaintext));
  };
}
