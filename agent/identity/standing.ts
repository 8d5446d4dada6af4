import { existsSync, rmSync } from "node:fs";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import {
  publicKeyBytes,
  toBase64Url,
  type Sign,
} from "@restic-manager/shared/identity/keys.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  signText,
  type SignedText,
} from "@restic-manager/shared/identity/signed.ts";
import type { AgreementKey } from "@restic-manager/shared/identity/seal.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { Approval } from "@restic-manager/shared/protocol/announce.ts";
import type { ResticInfo } from "@restic-manager/shared/protocol/hello.ts";
import type { SessionRequest } from "@restic-manager/shared/protocol/identity.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { moveFile } from "../platform/replace-file.ts";
import type { Random } from "../random.ts";
import { announceAndWait, meetServer } from "./announce.ts";
import {
  openApproval,
  refusalIn,
  saveApproval,
  unsignedRefusal,
  type StoredApproval,
} from "./approval.ts";
import { loadOrMintIdentity, readIdentity, type Identity } from "./identity.ts";
import { RemovedError } from "./refusals.ts";
import type { ServerDoor } from "./server-door.ts";
import { ServerFault } from "./server-fault.ts";

/** The key and the approval this agent lives by, and the ways to fresh ones from the same server. */
export interface Standing {
  identity(): Identity;
  /** With the key of the moment, as `agreement`. */
  readonly sign: Sign;
  readonly agreement: AgreementKey;
  approval(): StoredApproval;
  /** Whether more than half of the credential's life is over. */
  isAging(now: number): boolean;
  keepJwt(jwt: string): void;
  /** The key that is to replace the present one, on disk when this returns. */
  nextIdentity(): Identity;
  /** Goes over to the next key, which `signed` approves: whole or not at all, whenever the agent ends. */
  adopt(next: Identity, signed: SignedText): void;
  /** Finds out what became of a next key whose approval never arrived. Throws as `recover`. */
  settle(): Promise<void>;
  /**
   * Asks the server for a fresh approval without a connection. Only a host that it does not know announces itself again and
   * waits for a person. False when the approval is for another host id. Throws `RemovedError`, `RejectedError`,
   * `ServerKeyError`, `ServerFault`.
   */
  recover(): Promise<boolean>;
}

export interface StandingDeps {
  readonly paths: {
    readonly approval: string;
    readonly identity: string;
    readonly nextIdentity: string;
  };
  readonly first: {
    readonly identity: Identity;
    readonly approval: StoredApproval;
  };
  readonly door: ServerDoor;
  /** The server's address, for people. */
  readonly server: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly facts: () => HostFacts;
  readonly restic: () => Promise<ResticInfo>;
  readonly signal: AbortSignal;
}

/** The server takes a new key for a minute after it has asked for it, however late the question arrives. */
const undecidedMs = 5 * 60_000;

export function createStanding(deps: StandingDeps): Standing {
  const { paths, door, log, clock } = deps;
  let { identity, approval } = deps.first;
  /** When the next key was last going to be sent; null when not in this life. */
  let sentAt: number | null = null;
  const serverKey = publicKeyBytes(approval.server_key) ?? new Uint8Array();

  const meet = () => meetServer(door, fingerprintOf(serverKey));

  function keep(fresh: StoredApproval): boolean {
    const isSame = fresh.host_id === approval.host_id;
    saveApproval(paths.approval, fresh);
    approval = fresh;
    return isSame;
  }

  /** The approval is the instant of the change: `readOwnIdentity` does the rest if the agent ends in between. */
  function goOver(next: Identity, fresh: Approval): void {
    keep(fresh);
    moveFile(paths.nextIdentity, paths.identity);
    identity = next;
    log.info("This host has a new key", { fingerprint: next.fingerprint });
  }

  /** Null when the server never approved this key. */
  async function askSession(holder: Identity): Promise<Approval | null> {
    const server = await meet();
    const request: SessionRequest = {
      v: 1,
      public_key: toBase64Url(holder.publicKey),
      server_key: server.identity.public_key,
      t: server.identity.server_time,
      nonce: deps.random.id(),
    };
    try {
      const answer = await door.session(
        signText("rm-session-v1", request, holder.sign),
      );
      return openApproval(answer.approval, serverKey, holder.publicKey);
    } catch (error) {
      if (!(error instanceof ServerFault)) throw error;
      const { code } = error;
      if (code !== "host_unknown" && code !== "host_revoked") throw error;
      const { public_key, nonce: about } = request;
      const refused = refusalIn(error, serverKey, { code, public_key, about });
      if (refused !== "signed") throw unsignedRefusal();
      if (code === "host_revoked") throw new RemovedError(deps.server());
      return null;
    }
  }

  async function settle(): Promise<boolean> {
    const next = existsSync(paths.nextIdentity)
      ? readIdentity(paths.nextIdentity)
      : null;
    if (next === null) return false;
    const given = await askSession(next);
    if (given !== null) goOver(next, given);
    else if (!isUndecided()) rmSync(paths.nextIdentity);
    return given !== null;
  }

  /** Whether the server may yet take the next key: it must not be thrown away before. */
  function isUndecided(): boolean {
    return sentAt !== null && Math.abs(clock.now() - sentAt) < undecidedMs;
  }

  /** One that was never taken may have been copied since. */
  function nextIdentity(): Identity {
    if (!isUndecided()) rmSync(paths.nextIdentity, { force: true });
    sentAt = clock.now();
    return loadOrMintIdentity(paths.nextIdentity, deps.random);
  }

  async function announceAgain(): Promise<Approval> {
    log.warn(
      "The server does not know this host; it announces itself again and waits for somebody to approve it",
      { fingerprint: identity.fingerprint },
    );
    return announceAndWait({
      ...deps,
      identity,
      isBackedUp: true,
      server: await meet(),
      facts: deps.facts(),
      resticVersion: (await deps.restic()).version,
      onPending() {},
      onTrouble: (fault) =>
        log.warn("The server takes no announcement for now", {
          reason: fault.message,
        }),
    });
  }

  return {
    identity: () => identity,
    sign: (message) => identity.sign(message),
    agreement: {
      get publicKey() {
        return identity.agreement.publicKey;
      },
      agree: (theirs) => identity.agreement.agree(theirs),
    },
    approval: () => approval,
    isAging(now) {
      const { iat = 0, exp } = readNatsJwt(approval.jwt) ?? {};
      return exp !== undefined && now / 1000 > (iat + exp) / 2;
    },
    keepJwt: (jwt) => void keep({ ...approval, jwt }),
    nextIdentity,
    adopt: (next, signed) =>
      goOver(next, openApproval(signed, serverKey, next.publicKey)),
    settle: async () => void (await settle()),
    async recover() {
      if (await settle()) return true;
      return keep((await askSession(identity)) ?? (await announceAgain()));
    },
  };
}
