import {
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { seal } from "@restic-manager/shared/identity/seal.ts";
import { openSigned } from "@restic-manager/shared/identity/signed.ts";
import {
  sealKey,
  tokenContext,
} from "@restic-manager/shared/protocol/announce.ts";
import type { Random } from "../random.ts";
import type { KnownServer } from "./announce.ts";
import { agreementKey, verifySignature } from "./keys.ts";
import { ServerFault } from "./server-fault.ts";

/** A one-time token as the announcement of `publicKey` carries it: only this server can read it. Throws `ServerFault`. */
export function sealToken(
  token: string,
  server: KnownServer,
  publicKey: Uint8Array,
  random: Random,
): string {
  const { seal_key, public_key } = server.identity;
  const opened =
    seal_key === undefined
      ? null
      : openSigned(
          "rm-seal-key-v1",
          seal_key,
          server.publicKey,
          verifySignature,
          sealKey,
        );
  const recipient = publicKeyBytes(opened?.x25519 ?? "");
  if (recipient === null || opened?.server_key !== public_key)
    throw new ServerFault(
      "api",
      "This server takes no one-time tokens; update it, or enrol without a token.",
    );
  const box = seal(
    new TextEncoder().encode(token),
    recipient,
    tokenContext(toBase64Url(publicKey)),
    agreementKey(random.bytes(32)),
    random.bytes(24),
  );
  return toBase64Url(box);
}
