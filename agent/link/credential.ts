import { delay, type Clock } from "@restic-manager/shared/clock.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  renewAnswer,
  rotateAnswer,
  type RotationProof,
} from "@restic-manager/shared/protocol/identity.ts";
import type { Standing } from "../identity/standing.ts";
import type { Connection } from "./link.ts";
import type { ServerRequests } from "./server-requests.ts";
import type { ServerTime } from "./server-time.ts";

/** Keeps this host's credential and key fresh over a live connection. Neither a job nor a waiting result notices. */
export interface Credential {
  /** Never rejects: what fails is tried again later. */
  renew(connection: Connection): Promise<void>;
  /** Goes over to a new key and then ends the connection. Throws `LinkError`, `ServerKeyError`. */
  rotate(connection: Connection): Promise<void>;
}

export interface CredentialDeps {
  readonly hostId: string;
  readonly requests: ServerRequests;
  readonly standing: Standing;
  readonly time: Pick<ServerTime, "stamp">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The answer to the command that asked for a new key goes out before the connection of the old one ends. */
const lingerMs = 500;

export function createCredential(deps: CredentialDeps): Credential {
  const { hostId, requests, standing, time, clock, log } = deps;
  // One at a time: a renewal under way would bring a credential of the old key after the rotation.
  let busy: Promise<unknown> = Promise.resolve();
  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = busy.then(work);
    busy = mine.catch(() => {});
    return mine;
  }

  async function fetchJwt(connection: Connection): Promise<void> {
    try {
      const answer = await requests.ask(connection, "renew", {}, renewAnswer);
      standing.keepJwt(answer.jwt);
      log.info("The credential was renewed");
    } catch (error) {
      log.warn("The credential could not be renewed; it is tried again", {
        error,
      });
    }
  }

  async function changeKey(connection: Connection): Promise<void> {
    const next = standing.nextIdentity();
    try {
      const keys = {
        public_key: toBase64Url(next.publicKey),
        x25519: toBase64Url(next.agreement.publicKey),
      };
      // The server compares both times, to the millisecond.
      const t = time.stamp();
      const proof: RotationProof = {
        host: hostId,
        ...keys,
        server_key: standing.approval().server_key,
        t,
      };
      const answer = await requests.ask(
        connection,
        "rotate",
        { ...keys, t, proof: signText("rm-rotate-v1", proof, next.sign) },
        rotateAnswer,
      );
      standing.adopt(next, answer.approval);
    } finally {
      // After a failure too: only the next connection finds out whether the server has changed the key.
      void delay(clock, lingerMs).then(() => connection.close());
    }
  }

  return {
    renew: (connection) => inTurn(() => fetchJwt(connection)),
    rotate: (connection) => inTurn(() => changeKey(connection)),
  };
}
