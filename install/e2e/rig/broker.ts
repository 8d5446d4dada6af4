import { randomBytes, sign } from "node:crypto";
import { ed25519Pair } from "./announcer.ts";

/**
 * Speaks NATS to `/nats` as somebody who was never approved, and gives what the broker says before it hangs up.
 * Spelt out here, so that no client library hides what really comes over the wire.
 */
export function strangerAtBroker(
  url: string,
  how: "no credential" | "a JWT of another key",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/nats`);
    socket.binaryType = "arraybuffer";
    let text = "";
    let sent = false;
    socket.addEventListener("message", ({ data }) => {
      text +=
        typeof data === "string"
          ? data
          : Buffer.from(data as ArrayBuffer).toString();
      const info = /^INFO (\{.*\})\s*\r\n/.exec(text);
      if (info === null || sent) return;
      sent = true;
      const { nonce } = JSON.parse(info[1] ?? "{}") as { nonce?: string };
      const credential = how === "no credential" ? {} : forged(nonce ?? "");
      const hello = {
        verbose: false,
        pedantic: false,
        lang: "none",
        version: "0",
        protocol: 1,
        ...credential,
      };
      socket.send(
        Buffer.from(
          `CONNECT ${JSON.stringify(hello)}\r\nPING\r\nSUB rm.v1.> 1\r\n`,
        ),
      );
    });
    socket.addEventListener("close", () =>
      resolve(text.replace(/^INFO .*\r\n/, "")),
    );
    socket.addEventListener("error", () =>
      reject(new Error(`/nats cannot be reached: ${text}`)),
    );
  });
}

/** A user JWT signed by an account that this server's operator never heard of. */
function forged(nonce: string) {
  const user = ed25519Pair();
  const account = ed25519Pair();
  const part = (value: unknown) =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    jti: randomBytes(16).toString("hex"),
    iat: Math.floor(Date.now() / 1000),
    iss: publicNkey(0, account.publicKey),
    name: "stranger",
    sub: publicNkey(160, user.publicKey),
    nats: {
      type: "user",
      version: 2,
      subs: -1,
      data: -1,
      payload: -1,
      pub: {},
      sub: {},
    },
  };
  const body = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return {
    jwt: `${body}.${sign(null, Buffer.from(body), account.privateKey).toString("base64url")}`,
    nkey: claims.sub,
    sig: sign(null, Buffer.from(nonce), user.privateKey).toString("base64url"),
  };
}

/** base32(prefix, key, CRC-16/XMODEM little-endian). */
export function publicNkey(prefix: number, key: Uint8Array): string {
  const bytes = [prefix, ...key];
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return base32([...bytes, crc & 0xff, crc >> 8]);
}

function base32(bytes: readonly number[]): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)])
    .join("");
}
