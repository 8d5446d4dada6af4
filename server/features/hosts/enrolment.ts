import { maxPending } from "@restic-manager/shared/api/hosts.ts";
import { every, toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { openSigned } from "@restic-manager/shared/identity/signed.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { possessionProof } from "@restic-manager/shared/protocol/announce.ts";
import type {
  Announced,
  WaitAnswer,
} from "@restic-manager/shared/protocol/announce.ts";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { verifySignature } from "../../identity.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Audit } from "../../ports/audit.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Db } from "../../ports/db.ts";
import type { Transaction, Trx } from "../../ports/transaction.ts";
import type { Random } from "../../random.ts";
import type { Grant, Redemption, TokenRefusal } from "../tokens/redemption.ts";
import type { Admit } from "./admission.ts";
import { checkAnnouncement } from "./announcement.ts";
import type { CheckedAnnouncement } from "./announcement.ts";
import { approvalOf, refusalOf } from "./approvals.ts";
import * as pending from "./pending-store.ts";
import type { PendingRecord } from "./pending-store.ts";
import * as store from "./store.ts";
import { createTokenBucket } from "./token-bucket.ts";
import type { Waiters } from "./waiters.ts";

export interface EnrolmentDeps {
  readonly db: Db;
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly identity: Pick<ServerIdentity, "publicKeyText" | "sign" | "open">;
  readonly broker: Pick<Broker, "issueAgentJwt">;
  readonly waiters: Waiters;
  readonly admit: Admit;
  readonly claimToken: ClaimToken;
  readonly random: Pick<Random, "bytes" | "token">;
  readonly clock: Clock;
  readonly log: Log;
  /** How long an announcement waits for a person, in milliseconds since its last proof; without one, two minutes. */
  readonly pendingExpiryMs: number;
}

/** Checks a one-time token; see `features/tokens/redemption.ts`. */
export type ClaimToken = Redemption["claim"];

/** The endpoint's side of joining. Nothing here gives access: it only asks, proves and waits. */
export interface Enrolment {
  /** @throws AppError, see `shared/protocol/announce.ts` */
  announce(signed: SignedText, ip: string): Promise<Announced>;
  /** Answers at once when decided, otherwise after up to 25 s. @throws AppError, see `shared/protocol/announce.ts` */
  wait(
    id: string,
    signed: SignedText,
    request: { readonly ip: string; readonly signal: AbortSignal },
  ): Promise<WaitAnswer>;
  /** Begins to remove announcements whose time is up; the returned function ends that, and every wait. */
  start(): Cancel;
}

interface Received {
  readonly row: PendingRecord;
  readonly collision: boolean;
  /** What a token made of it. */
  readonly joined?: { readonly hostId: string; readonly repositoryId: string };
}

/** An agent proves its key within a second. Strangers' announcements must not take the places for longer. */
const unprovedMs = 2 * 60_000;
const announcesPerMinute = 10;
const longPollMs = 25_000;

export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  const { db, tx, events, clock } = deps;
  const bucket = createTokenBucket(clock, announcesPerMinute);

  const now = () => toTimestamp(clock.now());
  const expiry = () => toTimestamp(clock.now() + deps.pendingExpiryMs);
  const unprovedExpiry = () =>
    toTimestamp(clock.now() + Math.min(unprovedMs, deps.pendingExpiryMs));

  /** The row of this key: the same one as before, or a new one when there is room; an invited host finds room. */
  async function keep(
    trx: Trx,
    announcement: pending.Announcement,
    key: Pick<CheckedAnnouncement, "publicKey" | "fingerprint">,
    isInvited: boolean,
  ): Promise<PendingRecord> {
    const known = await pending.findPendingByKey(trx, key.publicKey);
    if (known !== null) {
      const expires_at =
        known.proved_at === null ? unprovedExpiry() : known.expires_at;
      const change = { ...announcement, expires_at };
      await pending.updatePending(trx, known.id, change);
      return { ...known, ...change };
    }
    const host = await store.findHostByKey(trx, key.publicKey);
    const isAsking = host === null && !isInvited;
    if (isAsking && (await pending.countUndecided(trx)) >= maxPending)
      throw new AppError("pending_full");
    const row: PendingRecord = {
      ...announcement,
      id: deps.random.bytes(16).toHex(),
      public_key: key.publicKey,
      fingerprint: key.fingerprint,
      proved_at: null,
      first_seen_at: announcement.last_seen_at,
      expires_at: unprovedExpiry(),
      decision: host === null ? null : "approved",
      decided_at: host === null ? null : announcement.last_seen_at,
      host_id: host?.id ?? null,
    };
    await pending.insertPending(trx, row);
    return row;
  }

  /** What an announcement says about itself. */
  function said(
    { document, x25519 }: CheckedAnnouncement,
    signed: SignedText,
    ip: string,
  ): pending.Announcement {
    return {
      hostname: document.hostname,
      os: document.os,
      arch: document.arch,
      tz: document.tz,
      agent_version: document.agent_version,
      restic_version: document.restic_version,
      x25519,
      document: signed.b,
      signature: Uint8Array.fromBase64(signed.s, { alphabet: "base64url" }),
      nonce: deps.random.token(),
      announced_from_ip: ip,
      last_seen_at: now(),
    };
  }

  /** The invitation of a key that is not a host yet: an agent that asks again after a lost answer needs no other. */
  async function invitation(
    trx: Trx,
    { token, publicKey, fingerprint, document }: CheckedAnnouncement,
    ip: string,
  ): Promise<Grant | TokenRefusal | null> {
    if (token === null) return null;
    if ((await store.findHostByKey(trx, publicKey)) !== null) return null;
    const { hostname } = document;
    return deps.claimToken(trx, token, { hostname, fingerprint, ip });
  }

  /** Stores an announcement, and at once makes a host of it when it was invited. */
  async function receive(
    trx: Trx,
    checked: CheckedAnnouncement,
    announcement: pending.Announcement,
  ): Promise<Received | TokenRefusal> {
    const ip = announcement.announced_from_ip;
    const grant = await invitation(trx, checked, ip);
    if (typeof grant === "string") return grant;
    const row = await keep(trx, announcement, checked, grant !== null);
    const collision = await pending.isNameTaken(trx, row.id, now());
    if (grant === null || row.decision !== null) return { row, collision };
    const by = grant.approver;
    const hostId = await deps.admit(trx, row, grant.hostname, by);
    const repositoryId = await grant.spend(hostId);
    return { row, collision, joined: { hostId, repositoryId } };
  }

  /** Checks a proof and uses up its nonce: from here on the row is believed to be who it says. */
  async function prove(
    id: string,
    signed: SignedText,
  ): Promise<{ row: PendingRecord; challenge: string }> {
    const row = await pending.findPending(db, id, now());
    if (row === null) throw new AppError("pending_not_found");
    const proof = openSigned(
      "rm-proof-v1",
      signed,
      row.public_key,
      verifySignature,
      possessionProof,
    );
    if (proof === null) throw new AppError("signature_invalid");
    if (proof.server_key !== deps.identity.publicKeyText)
      throw new AppError("server_key_mismatch");
    const isFresh =
      proof.pending_id === id &&
      (await pending.useNonce(db, id, proof.nonce, {
        now: now(),
        expiresAt: row.decision === "rejected" ? row.expires_at : expiry(),
      }));
    if (!isFresh) throw new AppError("nonce_invalid");
    return { row, challenge: proof.challenge };
  }

  /** Undefined while nobody has decided. @throws AppError `rejected`, or `pending_not_found` when it is gone */
  async function decided(
    id: string,
    ip: string,
    challenge: string,
  ): Promise<WaitAnswer | undefined> {
    const row = await pending.findPending(db, id, now());
    if (row === null) throw new AppError("pending_not_found");
    if (row.decision === "rejected")
      throw refusalOf("rejected", row.public_key, challenge, deps.identity);
    if (row.decision === null || row.host_id === null) return undefined;
    const host = await adopt(row.host_id, row, ip);
    return { status: "approved", approval: approvalOf(host, deps) };
  }

  /** A host that announces again may have another X25519 key; with the old one it could open nothing. */
  async function adopt(
    hostId: string,
    { x25519 }: PendingRecord,
    ip: string,
  ): Promise<store.HostRecord> {
    return tx.run(async (trx) => {
      const host = await store.findHost(trx, hostId);
      if (host === null) throw new AppError("pending_not_found");
      if (toBase64Url(host.x25519) === toBase64Url(x25519)) return host;
      await store.setX25519(trx, host.id, x25519);
      await deps.audit.record(
        trx,
        { kind: "agent", id: host.id, name: host.name, ip, requestId: null },
        { action: "host.rekey", target: { kind: "host", id: host.id } },
      );
      return { ...host, x25519 };
    });
  }

  async function sweep(): Promise<void> {
    const gone = await pending.deleteExpiredPending(db, now());
    if (gone.some((row) => row.decision === null && row.proved_at !== null))
      events.emit({ type: "pending.changed" });
  }

  return {
    async announce(signed, ip) {
      if (!bucket.take(ip)) throw new AppError("rate_limited");
      const checked = checkAnnouncement(signed, deps.identity);
      await sweep();
      const received = await tx.run((trx) =>
        receive(trx, checked, said(checked, signed, ip)),
      );
      if (typeof received === "string") throw new AppError(received);
      const { row, collision, joined } = received;
      if (joined !== undefined) {
        const { hostId, repositoryId } = joined;
        deps.waiters.wake(row.id);
        events.emit({ type: "host.changed", hostId });
        events.emit({ type: "repository.changed", repositoryId });
      }
      if (row.proved_at !== null && row.decision === null)
        events.emit({ type: "pending.changed" });
      return {
        pending_id: row.id,
        fingerprint: row.fingerprint,
        nonce: row.nonce ?? "",
        hostname_collision: collision,
        expires_at: row.expires_at,
      };
    },

    async wait(id, signed, { ip, signal }) {
      const { row: before, challenge } = await prove(id, signed);
      if (before.proved_at === null && before.decision === null)
        events.emit({ type: "pending.changed" });
      const expires_at = expiry();
      const left = new AbortController();
      try {
        // Listening starts before looking, or a decision between the two would be missed until the next poll.
        const woken = deps.waiters.wait(
          id,
          longPollMs,
          AbortSignal.any([signal, left.signal]),
        );
        const answer = await decided(id, ip, challenge);
        if (answer !== undefined) return answer;
        await woken;
      } finally {
        left.abort();
      }
      const answer = await decided(id, ip, challenge);
      if (answer !== undefined) return answer;
      // A new nonce would bring the agent back at once, and the listener would never see its last request.
      if (deps.waiters.isClosed())
        throw new AppError("starting", {
          message: "The server is restarting or stops; try again in a moment.",
        });
      const nonce = deps.random.token();
      await pending.setNonce(db, id, nonce);
      return { status: "pending", nonce, expires_at };
    },

    start() {
      const stop = every(clock, Math.min(60_000, deps.pendingExpiryMs), () => {
        sweep().catch((error: unknown) =>
          deps.log.error("Removing expired announcements failed", { error }),
        );
      });
      return () => {
        stop();
        deps.waiters.close();
      };
    },
  };
}
