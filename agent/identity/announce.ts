import { delay, type Clock } from "@restic-manager/shared/clock.ts";
import {
  fingerprintOf,
  type Fingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import {
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type {
  AnnounceDocument,
  Announced,
  Approval,
  PossessionProof,
  ServerIdentity,
} from "@restic-manager/shared/protocol/announce.ts";
import {
  protocolFits,
  protocolMax,
  protocolMin,
} from "@restic-manager/shared/protocol/version.ts";
import { build } from "../version.ts";
import type { Random } from "../random.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { openApproval, refusalIn, unsignedRefusal } from "./approval.ts";
import type { Identity } from "./identity.ts";
import { RejectedError, ServerKeyError } from "./refusals.ts";
import type { ServerDoor } from "./server-door.ts";
import { ServerFault } from "./server-fault.ts";

/** A server whose key was read and, where one is expected, compared. */
export interface KnownServer {
  readonly publicKey: Uint8Array;
  readonly fingerprint: Fingerprint;
  readonly identity: ServerIdentity;
}

/** Asks the server who it is. Throws `ServerKeyError` when that is not `expected`, `ServerFault` when it cannot be asked. */
export async function meetServer(
  door: ServerDoor,
  expected: Fingerprint | null,
): Promise<KnownServer> {
  const identity = await door.identity();
  const publicKey = publicKeyBytes(identity.public_key);
  if (publicKey === null)
    throw new ServerFault(
      "http",
      "The server's key is malformed; update the agent.",
    );
  const fingerprint = fingerprintOf(publicKey);
  if (expected !== null && fingerprint !== expected)
    throw new ServerKeyError(
      `This is not the expected server: its key is ${fingerprint}, but ${expected} was expected. Nothing was sent or kept. Check the address; someone may be in between.`,
    );
  const theirs = { min: identity.protocol_min, max: identity.protocol_max };
  if (!protocolFits(theirs))
    throw new ServerFault(
      "api",
      `This agent (${build.version}) and the server speak different protocol versions; install the agent that the server offers.`,
      "protocol_too_old",
    );
  return { publicKey, fingerprint, identity };
}

export interface AnnounceDeps {
  readonly door: ServerDoor;
  readonly clock: Clock;
  readonly random: Pick<Random, "id">;
  readonly identity: Identity;
  readonly facts: HostFacts;
  readonly resticVersion: string | null;
  readonly server: KnownServer;
  /** A host that has backups to lose takes a rejection with the server's signature only. */
  readonly isBackedUp: boolean;
  /** A one-time token, sealed to the server: nobody has to approve then. */
  readonly token?: string | undefined;
  /** The server holds the announcement and waits for a person. Called again when it had to be renewed. */
  readonly onPending: (announced: Announced) => void;
  /** Something is in the way, for now; it is tried again. */
  readonly onTrouble: (fault: ServerFault) => void;
  readonly signal: AbortSignal;
}

const retryMs = 2_000;
const maxRetryMs = 30_000;

/**
 * Announces this host and waits until a person approves it. Throws `RejectedError`, `ServerKeyError`, or the reason of
 * `signal`.
 */
export async function announceAndWait(deps: AnnounceDeps): Promise<Approval> {
  const { door, clock, signal } = deps;
  let pending: Announced | null = null;
  let wait = retryMs;

  for (;;) {
    signal.throwIfAborted();
    const challenge = deps.random.id();
    try {
      if (pending === null) {
        pending = await door.announce(announceText(deps));
        checkEcho(pending, deps.identity.fingerprint);
        deps.onPending(pending);
      }
      const answer = await door.wait(
        pending.pending_id,
        proofText(deps, pending, challenge),
      );
      if (answer.status === "approved")
        return openApproval(
          answer.approval,
          deps.server.publicKey,
          deps.identity.publicKey,
        );
      pending = { ...pending, ...answer };
      wait = retryMs;
    } catch (error) {
      const fault = obstacle(error, deps, challenge);
      // A nonce serves once: after a lost answer only a new announcement gives a new one.
      pending = null;
      if (!isStale(fault)) deps.onTrouble(fault);
      await delay(clock, Math.max(wait, fault.retryAfterMs), signal);
      wait = Math.min(wait * 2, maxRetryMs);
    }
  }
}

/** What is in the way for now, and is tried again. Throws whatever ends the announcement for good. */
function obstacle(
  error: unknown,
  { identity, server, isBackedUp }: AnnounceDeps,
  challenge: string,
): ServerFault {
  if (!(error instanceof ServerFault)) throw error;
  const refused = refusalIn(error, server.publicKey, {
    code: "rejected",
    public_key: toBase64Url(identity.publicKey),
    about: challenge,
  });
  if (refused === "signed" || (refused === "unsigned" && !isBackedUp))
    throw new RejectedError();
  const fault = refused === null ? error : unsignedRefusal();
  // Whoever keeps the host connected knows other addresses and comes back to this.
  const isElsewhere = isBackedUp && fault.kind !== "api";
  if (isElsewhere || !passes(fault)) throw fault;
  return fault;
}

/** Whether trying again can help: the network, a busy server, or an announcement that has become stale. */
function passes(fault: ServerFault): boolean {
  const { kind, code } = fault;
  const busy = ["rate_limited", "pending_full", "starting", "internal"];
  return kind !== "api" || busy.includes(code ?? "") || isStale(fault);
}

function isStale({ code }: ServerFault): boolean {
  return code === "pending_not_found" || code === "nonce_invalid";
}

function announceText({
  identity,
  facts,
  resticVersion,
  server,
  token,
}: AnnounceDeps) {
  const document: AnnounceDocument = {
    v: 1,
    public_key: toBase64Url(identity.publicKey),
    x25519: toBase64Url(identity.agreement.publicKey),
    server_key: server.identity.public_key,
    hostname: facts.hostname,
    os: facts.os,
    arch: facts.arch,
    tz: facts.tz,
    agent_version: build.version,
    restic_version: resticVersion,
    protocol_min: protocolMin,
    protocol_max: protocolMax,
    ...(token === undefined ? {} : { token }),
  };
  return signText("rm-announce-v1", document, identity.sign);
}

function proofText(
  { identity, server }: AnnounceDeps,
  { pending_id, nonce }: Announced,
  challenge: string,
) {
  const proof: PossessionProof = {
    pending_id,
    nonce,
    server_key: server.identity.public_key,
    challenge,
  };
  return signText("rm-proof-v1", proof, identity.sign);
}

/** A different echo means that somebody changed the announcement on its way. */
function checkEcho(pending: Announced, own: Fingerprint): void {
  if (pending.fingerprint !== own)
    throw new ServerKeyError(
      `The server shows ${pending.fingerprint} for this host, but its fingerprint is ${own}. Do not approve; someone may be in between.`,
    );
}
