import { X509Certificate } from "node:crypto";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/** How `fetch` and `WebSocket` are to check the server's certificate. */
export interface Trust {
  readonly ca: string;
  readonly allowPartialTrustChain: true;
  readonly checkServerIdentity: (
    host: string,
    certificate: PeerCertificate,
  ) => Error | undefined;
}

/**
 * Trust in the certificates of a PEM file and nothing else: authorities, or the server's own certificate, whoever signed it.
 * That one is known byte by byte, so it need not name the address it is reached by. Null when the text holds none.
 */
export function trustIn(pem: string): Trust | null {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END/g) ?? [];
  const pinned = texts.map((text) => rawOf(`${text} CERTIFICATE-----\n`));
  if (pinned.length === 0 || pinned.includes(null)) return null;
  return {
    ca: pem,
    allowPartialTrustChain: true,
    checkServerIdentity: (host, certificate) =>
      pinned.some((raw) => raw?.equals(certificate.raw))
        ? undefined
        : checkServerIdentity(host, certificate),
  };
}

function rawOf(pem: string): Buffer | null {
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return null;
  }
}
