import { createHash } from "node:crypto";
import { AppError } from "./app-error.ts";

/** A mark of what people edit: another one as soon as it says anything else. */
export function revisionOf(content: object): string {
  const text = JSON.stringify(content);
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/**
 * @param seen what a change was made from; undefined: whatever is stored.
 * @throws AppError `changed_meanwhile` when it is no longer what is stored.
 */
export function requireRevision(
  seen: string | undefined,
  stored: string,
): void {
  if (seen !== undefined && seen !== stored)
    throw new AppError("changed_meanwhile");
}
