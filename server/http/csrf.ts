import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../app-error.ts";

export const csrfHeader = "X-CSRF-Token";

/**
 * The token that a page must send beside the session cookie: derived from it, so nothing is stored, and unreadable
 * for a foreign page, which can make a browser send the cookie but sees neither.
 */
export function csrfToken(sessionToken: string): string {
  return createHmac("sha256", sessionToken)
    .update("rm-csrf-v1")
    .digest("base64url");
}

/** @throws AppError `csrf_refused` */
export function checkCsrf(headers: Headers, sessionToken: string): void {
  const given = Buffer.from(headers.get(csrfHeader) ?? "");
  const expected = Buffer.from(csrfToken(sessionToken));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AppError("csrf_refused");
  }
}
