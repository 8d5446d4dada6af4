import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export interface TestCertificates {
  readonly authority: Certificate;
  /** For 127.0.0.1, signed by the authority, as the ones below it unless they say otherwise. */
  readonly good: Certificate;
  /** For another name. */
  readonly wrongName: Certificate;
  readonly expired: Certificate;
  /** Signed by itself, for 127.0.0.1. */
  readonly selfSigned: Certificate;
}

/** Makes real certificates of every kind that agents meet, in a folder, with openssl. */
export function makeCertificates(dir: string): TestCertificates {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: dir });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${String(stderr)}`);
  };
  const files = (name: string): Certificate => ({
    certificate: join(dir, `${name}.pem`),
    key: join(dir, `${name}.key`),
  });
  const own = (name: string, names: string): Certificate => {
    const { certificate, key } = files(name);
    const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=${name}`;
    const more = names === "" ? [] : ["-addext", `subjectAltName=${names}`];
    openssl(...make.split(" "), "-keyout", key, "-out", certificate, ...more);
    return { certificate, key };
  };
  const authority = own("authority", "");
  const signed = (name: string, names: string, days = 30): Certificate => {
    const { certificate, key } = files(name);
    const [request, extensions] = [`${name}.csr`, `${name}.ext`];
    const ask = `req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -out ${request}`;
    openssl(...ask.split(" "), "-keyout", key);
    writeFileSync(join(dir, extensions), `subjectAltName=${names}\n`);
    const sign = `x509 -req -in ${request} -CAcreateserial -extfile ${extensions} -days ${days}`;
    const by = ["-CA", authority.certificate, "-CAkey", authority.key];
    openssl(...sign.split(" "), ...by, "-out", certificate);
    return { certificate, key };
  };
  return {
    authority,
    good: signed("good", "IP:127.0.0.1"),
    wrongName: signed("wrong-name", "DNS:backup.example.org"),
    expired: signed("expired", "IP:127.0.0.1", -1),
    selfSigned: own("self-signed", "IP:127.0.0.1"),
  };
}

export const pemOf = ({ certificate }: Certificate): string =>
  readFileSync(certificate, "utf8");
