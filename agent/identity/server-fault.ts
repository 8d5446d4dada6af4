import type { SignedText } from "@restic-manager/shared/identity/signed.ts";

/** Who is at fault: `proxy` is something between this host and the server, `http` something else than the server. */
export type FaultKind =
  "dns" | "refused" | "tls" | "timeout" | "network" | "proxy" | "http" | "api";

/** The server cannot be reached or refuses; the message is one plain sentence that says who has to do what. */
export class ServerFault extends Error {
  readonly kind: FaultKind;
  /** The API's error code, for kind `api`. */
  readonly code: string | null;
  /** When the server wants to be asked again. */
  readonly retryAfterMs: number;
  /** What the server signed about it; not checked yet. */
  readonly refusal: SignedText | undefined;

  constructor(
    kind: FaultKind,
    message: string,
    code: string | null = null,
    retryAfterMs: number = 0,
    refusal?: SignedText,
  ) {
    super(message);
    this.name = "ServerFault";
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.refusal = refusal;
  }
}

interface Thrown {
  readonly code?: string;
  readonly message?: string;
  readonly name?: string;
}

/** Why no HTTP answer came; `isPinned` when only the certificates of a file are trusted. */
export function networkFault(
  url: URL,
  error: unknown,
  isPinned: boolean,
): ServerFault {
  const { code = "", message = "", name = "" } = error as Thrown;
  const { host, hostname } = url;
  if (name === "TimeoutError")
    return new ServerFault(
      "timeout",
      `${host} does not answer in time; check the address and any firewall in between.`,
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new ServerFault(
      "dns",
      `The name ${hostname} cannot be resolved; check the address and this host's DNS.`,
    );
  if (code === "ECONNREFUSED")
    return new ServerFault(
      "refused",
      `Nothing listens at ${host}; check address and port, and that the server runs.`,
    );
  return (
    tlsFault(url, code, isPinned) ??
    new ServerFault(
      "network",
      `The connection to ${host} failed (${code === "" ? message : code}).`,
    )
  );
}

function tlsFault(
  { host, hostname }: URL,
  code: string,
  isPinned: boolean,
): ServerFault | null {
  const words =
    isPinned && isUnknown(code)
      ? `The certificate of ${host} is neither in the file that --server-ca or server_ca names nor signed by one in it; give the PEM file of the authority, or of this very certificate.`
      : tlsWords(code, host, hostname);
  return words === null ? null : new ServerFault("tls", words);
}

function isUnknown(code: string): boolean {
  return /^(DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_/.test(code);
}

function tlsWords(code: string, host: string, name: string): string | null {
  if (isUnknown(code))
    return code === "DEPTH_ZERO_SELF_SIGNED_CERT"
      ? `${host} has a self-signed certificate, which this host does not know; give its PEM file with --server-ca.`
      : `The certificate of ${host} is signed by an authority that this host does not know; give the authority's PEM file with --server-ca.`;
  switch (code) {
    case "EPROTO":
      return `${host} does not speak TLS; try http:// instead of https://.`;
    case "CERT_HAS_EXPIRED":
      return `The certificate of ${host} has expired; renew it there, or correct the clock of this host.`;
    case "CERT_NOT_YET_VALID":
      return `The certificate of ${host} is not valid yet; correct the clock of this host, or of whoever made the certificate.`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `The certificate of ${host} is for another name than ${name}; use a name that it holds, or give the certificate itself with --server-ca.`;
    default:
      return /CERT|SIGNATURE|TLS|SSL/.test(code)
        ? `The certificate of ${host} is not accepted (${code}); check it, or give the right PEM file with --server-ca.`
        : null;
  }
}

/** What an HTTP answer means that the server itself does not give. */
export function strangeAnswer(
  { host }: URL,
  status: number,
  isPage: boolean,
): ServerFault {
  const where = `${host} answered with HTTP ${status}`;
  if (status === 502 || status === 503 || status === 504)
    return new ServerFault(
      "proxy",
      `${where}: the proxy there does not reach the restic-manager server behind it; check that the server runs and where the proxy looks for it.`,
    );
  if (status === 401 || status === 403 || status === 407)
    return new ServerFault(
      "proxy",
      `${where}: a proxy there lets nobody pass to the restic-manager server without a login; let it pass /api/agents and /nats.`,
    );
  if (isPage)
    return new ServerFault(
      "http",
      `${where} and a web page, not as a restic-manager server; check the address, and any proxy or login page in between.`,
    );
  return new ServerFault(
    "http",
    `${where}, but not as a restic-manager server; check the address and any proxy in between.`,
  );
}

/** Why the WebSocket at `url` did not open, of what the runtime says about it; the server has just answered over HTTP. */
export function webSocketWords({ href, host }: URL, said: string): string {
  const status = /Expected 101 status code: (\d{3})/.exec(said)?.[1];
  switch (status) {
    case undefined:
      return `The WebSocket ${href} does not open (${said.replace(/^.* failed: /, "")}).`;
    case "503":
      return `${host} has no WebSocket for agents yet: the server is still starting.`;
    case "429":
      return `${host} takes no more connections from this address for now.`;
    default:
      return `${host} answers over HTTP but refuses the WebSocket ${href} (HTTP ${status}): a proxy in between must pass WebSockets at /nats.`;
  }
}
