import { parse, serialize } from "hono/utils/cookie";
import type { Config } from "../config.ts";
import type { RequestInfo } from "../ports/route.ts";

export const sessionCookie = "rm_session";

/** The token in the session cookie, or null. */
export function readSessionToken(headers: Headers): string | null {
  const cookies = parse(headers.get("cookie") ?? "", sessionCookie);
  return cookies[sessionCookie] ?? null;
}

export interface SessionCookies {
  /** Gives the browser the session for `maxAgeMs` milliseconds. */
  setCookie(
    headers: Headers,
    request: RequestInfo,
    token: string,
    maxAgeMs: number,
  ): void;
  clearCookie(headers: Headers, request: RequestInfo): void;
}

/** With `auto` the cookie is Secure when the browser came by HTTPS, so that logging in works on a plain local network. */
export function createSessionCookies(
  mode: Config["cookieSecure"],
): SessionCookies {
  const put = (
    headers: Headers,
    request: RequestInfo,
    token: string,
    maxAge: number,
  ) => {
    const secure = mode === "auto" ? request.isSecure : mode === "true";
    const options = { httpOnly: true, sameSite: "Lax", path: "/" } as const;
    headers.append(
      "Set-Cookie",
      serialize(sessionCookie, token, { ...options, secure, maxAge }),
    );
  };
  return {
    setCookie: (headers, request, token, maxAgeMs) =>
      put(headers, request, token, Math.floor(maxAgeMs / 1000)),
    clearCookie: (headers, request) => put(headers, request, "", 0),
  };
}
