import { AppError } from "../app-error.ts";

const ownSites = ["same-origin", "none"];

/**
 * Refuses what a foreign page makes a browser send. Browsers say where a request comes from in Sec-Fetch-Site (on
 * HTTPS and loopback) and Origin; programs that are no browsers send neither, and hold no cookie that could be abused.
 *
 * @param ownOrigin scheme and host under which the client reached the server
 * @throws AppError `origin_refused`
 */
export function checkOrigin(
  headers: Headers,
  ownOrigin: string,
  allowedOrigins: readonly string[],
): void {
  const origin = headers.get("origin");
  if (origin !== null && allowedOrigins.includes(origin)) return;
  const site = headers.get("sec-fetch-site");
  if (site !== null) {
    // The browser's own word, which no page can change; a proxy may have changed the host.
    if (ownSites.includes(site)) return;
    throw new AppError("origin_refused");
  }
  // A proxy that is not configured as trusted hides the scheme, not the host.
  if (origin !== null && hostOf(origin) !== hostOf(ownOrigin)) {
    throw new AppError("origin_refused");
  }
}

function hostOf(origin: string): string | null {
  return URL.parse(origin)?.host ?? null;
}
