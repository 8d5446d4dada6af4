import type { z } from "zod";
import { fromBase64Url } from "@restic-manager/shared/identity/keys.ts";
import {
  unseal,
  type AgreementKey,
} from "@restic-manager/shared/identity/seal.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { FailureError } from "../failure-error.ts";

/** Opens what the server sealed to this host for one command. Throws `FailureError`. */
export function openBox<T>(
  box: string,
  agreement: AgreementKey,
  context: string,
  schema: z.ZodType<T>,
): T {
  const sealed = fromBase64Url(box);
  const plain = sealed === null ? null : unseal(sealed, agreement, context);
  const secret =
    plain === null ? null : parseJson(new TextDecoder().decode(plain), schema);
  if (secret === null)
    throw new FailureError(
      "internal",
      "The repository's address and password could not be opened; approve this host again.",
    );
  return secret;
}
