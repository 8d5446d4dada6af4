import type { Clock } from "@restic-manager/shared/clock.ts";
import { publicKeyBytes } from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
} from "@restic-manager/shared/identity/signed.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  sessionRequest,
  sessionWindowMs,
} from "@restic-manager/shared/protocol/identity.ts";
import type {
  RenewAnswer,
  SessionAnswer,
} from "@restic-manager/shared/protocol/identity.ts";
import { AppError } from "../../app-error.ts";
import { verifySignature } from "../../identity.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Db } from "../../ports/db.ts";
import { agentJwtOf, approvalOf, refusalOf } from "./approvals.ts";
import { isFormerKey } from "./former-key-store.ts";
import { findHost, findHostByKey } from "./store.ts";
import { createTokenBucket } from "./token-bucket.ts";

/** How an approved agent keeps its access, and comes back to it after a long absence: never with a person. */
export interface HostAccess {
  /** A fresh JWT for the key that asked over its connection. @throws AppError `host_not_found` */
  renew(hostId: string, t: string): Promise<RenewAnswer>;
  /**
   * The approval again, for whoever holds the key of a host.
   * @throws AppError `host_revoked` when the key has ended, `host_unknown` when it never was a host's
   */
  session(signed: SignedText, ip: string): Promise<SessionAnswer>;
}

/** A site whose agents all come back at once has one address. */
const sessionsPerMinute = 60;

export function createAccess(deps: {
  readonly db: Db;
  readonly broker: Pick<Broker, "issueAgentJwt">;
  readonly identity: Pick<ServerIdentity, "publicKeyText" | "sign">;
  readonly clock: Clock;
  readonly log: Log;
}): HostAccess {
  const { db, clock, log } = deps;
  const bucket = createTokenBucket(clock, sessionsPerMinute);

  /** The key that the request is signed with, when it is meant for this server and this moment. */
  function check(signed: SignedText): { key: Uint8Array; nonce: string } {
    const request = parseJson(signed.b, sessionRequest);
    if (request === null) throw new AppError("invalid_request");
    const key = publicKeyBytes(request.public_key);
    if (key === null) throw new AppError("public_key_invalid");
    const isSigned = openSigned(
      "rm-session-v1",
      signed,
      key,
      verifySignature,
      sessionRequest,
    );
    if (isSigned === null) throw new AppError("signature_invalid");
    if (request.server_key !== deps.identity.publicKeyText)
      throw new AppError("server_key_mismatch");
    if (Math.abs(Date.parse(request.t) - clock.now()) > sessionWindowMs)
      throw new AppError("session_time_invalid");
    return { key, nonce: request.nonce };
  }

  return {
    async renew(hostId, t) {
      const host = await findHost(db, hostId);
      if (host === null) throw new AppError("host_not_found");
      return { host: hostId, t, jwt: agentJwtOf(host, deps) };
    },

    async session(signed, ip) {
      if (!bucket.take(ip)) throw new AppError("rate_limited");
      const { key, nonce } = check(signed);
      const host = await findHostByKey(db, key);
      if (host !== null) {
        log.info("A host was let in again", { host_id: host.id });
        return { approval: approvalOf(host, deps) };
      }
      const isFormer = await isFormerKey(db, key);
      const code = isFormer ? "host_revoked" : "host_unknown";
      throw refusalOf(code, key, nonce, deps.identity);
    },
  };
}
