import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import type { Lab } from "../install/e2e/rig/lab.ts";

export interface TlsFront {
  readonly port: number;
  /** PEM file of the certificate, for whoever has to trust it. */
  readonly certificate: string;
}

/** Ends TLS in front of a plain port, as a reverse proxy does. */
export async function openTlsFront(
  lab: Lab,
  target: number,
): Promise<TlsFront> {
  const key = join(lab.dir, "tls-key.pem");
  const certificate = join(lab.dir, "tls-cert.pem");
  const subject = [
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
  ];
  const curve = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "1",
  ];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    ...curve,
    "-keyout",
    key,
    "-out",
    certificate,
    ...subject,
  ]);
  if (made.status !== 0)
    throw new Error(
      `openssl cannot make a certificate: ${String(made.stderr)}`,
    );

  const front = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (from) => {
      const to = createConnection(target, "127.0.0.1");
      for (const socket of [from, to])
        socket.on("error", () => [from, to].forEach((end) => end.destroy()));
      from.pipe(to);
      to.pipe(from);
    },
  );
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  lab.defer(() => void front.close());
  const address = front.address();
  if (address === null || typeof address === "string")
    throw new Error("no port");
  return { port: address.port, certificate };
}
