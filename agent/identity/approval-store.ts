import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { publicKeyBytes } from "@restic-manager/shared/identity/keys.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { approval } from "@restic-manager/shared/protocol/announce.ts";
import { DamagedError } from "../damaged-error.ts";
import { replaceFile } from "../platform/replace-file.ts";

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
