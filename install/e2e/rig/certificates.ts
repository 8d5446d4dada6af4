import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** PEM files. */
export interface Certificates {
  /** Of the authority, which no system trusts. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const fresh =
  "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(
    " ",
  );

/** A fresh authority and a certificate of it for 127.0.0.1. */
export function certificates(dir: string): Certificates {
  const ca = join(dir, "ca.pem");
  const caKey = join(dir, "ca.key");
  const cert = join(dir, "server.pem");
  const key = join(dir, "server.key");
  openssl("/CN=Test authority", ca, caKey, []);
  openssl("/CN=Test server", cert, key, [
    "-CA",
    ca,
    "-CAkey",
    caKey,
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ]);
  return { ca, cert, key };
}

function openssl(
  subject: string,
  out: string,
  key: string,
  more: readonly string[],
): void {
  const { status, stderr, error } = spawnSync(
    "openssl",
    [...fresh, "-subj", subject, "-out", out, "-keyout", key, ...more],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`openssl: ${error?.message ?? stderr}`);
}
