import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { type Answer, call, type Tls } from "./api.ts";
import type { ApiError } from "./types.ts";

export interface Announced {
  readonly pending_id: string;
  readonly fingerprint: string;
  readonly nonce: string;
  readonly hostname_collision: boolean;
}

/** An endpoint of our own making: it can announce well, and wrongly in every way. */
export interface Announcer {
  readonly fingerprint: string;
  announce(
    changes?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<Announced & ApiError>>;
  /** Asks to wait, proving possession of its key by the nonce. Held open by the server while nothing is decided. */
  wait(
    pendingId: string,
    nonce: string,
    signal?: AbortSignal,
  ): Promise<Answer<Record<string, unknown> & ApiError>>;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** 32 raw bytes. */
  readonly publicKey: Uint8Array;
}

export function ed25519Pair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKey,
    publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-32),
  };
}

/** Reckoned here anew, so that it is independent of the product. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(publicKey).digest("hex")}`;
}

function signed(
  purpose: string,
  body: unknown,
  key: KeyObject,
): { b: string; s: string } {
  const b = JSON.stringify(body);
  return {
    b,
    s: sign(null, Buffer.from(`${purpose}\n${b}`), key).toString("base64url"),
  };
}

export async function createAnnouncer(
  url: string,
  hostname: string,
  tls: Tls = {},
): Promise<Announcer> {
  const pair = ed25519Pair();
  const server = await call<{ public_key: string }>(
    url,
    "GET",
    "/api/agents/server",
    undefined,
    {},
    tls,
  );
  const serverKey = server.body.public_key;
  const document = {
    v: 1,
    public_key: Buffer.from(pair.publicKey).toString("base64url"),
    x25519: randomBytes(32).toString("base64url"),
    server_key: serverKey,
    hostname,
    os: "linux",
    arch: "x64",
    tz: "UTC",
    agent_version: "0.0.0-test",
    restic_version: null,
    protocol_min: 1,
    protocol_max: 1,
  };
  return {
    fingerprint: fingerprintOf(pair.publicKey),
    announce: (changes = {}, headers = {}) =>
      call(
        url,
        "POST",
        "/api/agents/announce",
        signed("rm-announce-v1", { ...document, ...changes }, pair.privateKey),
        headers,
        tls,
      ),
    async wait(pendingId, nonce, signal) {
      const proof = {
        pending_id: pendingId,
        nonce,
        server_key: serverKey,
        challenge: randomBytes(16).toString("hex"),
      };
      const response = await fetch(
        `${url}/api/agents/announce/${pendingId}/wait`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          tls,
          body: JSON.stringify(signed("rm-proof-v1", proof, pair.privateKey)),
          ...(signal === undefined ? {} : { signal }),
        },
      );
      const body = (await response.json()) as Record<string, unknown> &
        ApiError;
      return { status: response.status, body, headers: response.headers };
    },
  };
}
