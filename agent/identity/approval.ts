import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import {
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
  type SignedText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  approval,
  type Approval,
} from "@restic-manager/shared/protocol/announce.ts";
import {
  refusal,
  type Refusal,
} from "@restic-manager/shared/protocol/identity.ts";
import { DamagedError } from "../damaged-error.ts";
import { replaceFile } from "../platform/replace-file.ts";
import { verifySignature } from "./keys.ts";
import { ServerKeyError } from "./refusals.ts";
import { ServerFault } from "./server-fault.ts";

/** What the approval gave this agent, in one file that is there whole or not at all. Mode 0600. */
const approvalFile = approval.extend({
  server_key: z.string().refine((text) => publicKeyBytes(text) !== null),
});
export type StoredApproval = z.infer<typeof approvalFile>;

/** Null before the approval. A damaged file is an error and is never written over. */
export function readApproval(path: string): StoredApproval | null {
  if (!existsSync(path)) return null;
  const stored = parseJson(readFileSync(path, "utf8"), approvalFile);
  if (stored === null)
    throw new DamagedError(
      `${path} is damaged. Remove it and enrol again; the server knows this host's key and approves it again.`,
    );
  return stored;
}

export function saveApproval(path: string, stored: StoredApproval): void {
  replaceFile(path, `${JSON.stringify(stored)}\n`);
}

/** The approval of `holder` by the server with this key, both 32 bytes. Throws `ServerKeyError` for any other. */
export function openApproval(
  signed: SignedText,
  serverKey: Uint8Array,
  holder: Uint8Array,
): Approval {
  const given = openSigned(
    "rm-approval-v1",
    signed,
    serverKey,
    verifySignature,
    approval,
  );
  const isOurs =
    given?.public_key === toBase64Url(holder) &&
    given.server_key === toBase64Url(serverKey);
  if (given === null || !isOurs)
    throw new ServerKeyError(
      "The approval is not signed by this server for this host. Nothing was kept; someone may be in between.",
    );
  return given;
}

/** How `fault` refuses what was `expected`: by the signature of the server with this key, without it, or not at all. */
export function refusalIn(
  fault: ServerFault,
  serverKey: Uint8Array,
  expected: Refusal,
): "signed" | "unsigned" | null {
  if (fault.code !== expected.code) return null;
  const given =
    fault.refusal === undefined
      ? null
      : openSigned(
          "rm-refusal-v1",
          fault.refusal,
          serverKey,
          verifySignature,
          refusal,
        );
  const isSigned =
    given?.code === expected.code &&
    given.public_key === expected.public_key &&
    given.about === expected.about;
  return isSigned ? "signed" : "unsigned";
}

/** Whoever is in between must not end the backups of this host. */
export function unsignedRefusal(): ServerFault {
  return new ServerFault(
    "http",
    "The answer says that the server refuses this host, but the server has not signed it; someone may be in between.",
  );
}
