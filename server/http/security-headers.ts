const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");

const headersOfAll: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // A bootstrap URL holds a token.
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** `origin` is the server's own as the browser reached it. */
export function addSecurityHeaders(headers: Headers, origin: string): void {
  for (const [name, value] of Object.entries(headersOfAll)) {
    headers.set(name, value);
  }
  // Elsewhere browsers ignore it, and log a warning with every page.
  const own = URL.parse(origin);
  if (own !== null && isTrustworthy(own))
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
}

/** Whether a browser takes what it gets from here for unchanged: over TLS, or from the same machine. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  if (protocol === "https:") return true;
  const local = /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/;
  return local.test(hostname);
}
