import type { Clock } from "@restic-manager/shared/clock.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import { publicKeyBytes } from "@restic-manager/shared/identity/keys.ts";
import { readNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ResticInfo } from "@restic-manager/shared/protocol/hello.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { announceAndWait, meetServer } from "./announce.ts";
import { saveApproval, type StoredApproval } from "./approval-store.ts";
import type { Identity } from "./identity.ts";
import type { ServerDoor } from "./server-door.ts";

/** The approval this agent lives by, and the way to a fresh one from the same server. */
export interface Standing {
  approval(): StoredApproval;
  /** Whether more than half of the credential's life is over. */
  isAging(now: number): boolean;
  /**
   * Announces again to the pinned server: a host it knows gets a fresh credential at once, one it has forgotten waits for
   * a person. False when the new approval is for another host id. Throws `RejectedError`, `ServerKeyError`, `ServerFault`.
   */
  renew(): Promise<boolean>;
}

export interface StandingDeps {
  readonly path: string;
  readonly first: StoredApproval;
  readonly door: ServerDoor;
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: Identity;
  readonly facts: () => HostFacts;
  readonly restic: () => Promise<ResticInfo>;
  readonly signal: AbortSignal;
}

export function createStanding(deps: StandingDeps): Standing {
  const { log, identity } = deps;
  let current = deps.first;
  let renewing: Promise<boolean> | null = null;

  async function announceAgain(): Promise<boolean> {
    const pinned = fingerprintOf(
      publicKeyBytes(current.server_key) ?? new Uint8Array(),
    );
    const server = await meetServer(deps.door, pinned);
    const fresh = await announceAndWait({
      ...deps,
      server,
      facts: deps.facts(),
      resticVersion: (await deps.restic()).version,
      onPending: () =>
        log.info("Asking the server for a fresh credential", {
          fingerprint: identity.fingerprint,
        }),
      onTrouble: (fault) =>
        log.warn("The server gives no fresh credential for now", {
          reason: fault.message,
        }),
    });
    saveApproval(deps.path, fresh);
    const isSame = fresh.host_id === current.host_id;
    current = fresh;
    return isSame;
  }

  return {
    approval: () => current,
    isAging(now) {
      const { iat = 0, exp } = readNatsJwt(current.jwt) ?? {};
      return exp !== undefined && now / 1000 > (iat + exp) / 2;
    },
    renew: () =>
      (renewing ??= announceAgain().finally(() => (renewing = null))),
  };
}
