import { toTimestamp } from "@restic-manager/shared/clock.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import { publicKeyBytes } from "@restic-manager/shared/identity/keys.ts";
import { openSigned } from "@restic-manager/shared/identity/signed.ts";
import { rotationProof } from "@restic-manager/shared/protocol/identity.ts";
import type {
  RotateAnswer,
  RotateRequest,
} from "@restic-manager/shared/protocol/identity.ts";
import { z } from "zod";
import { AppError } from "../../app-error.ts";
import type { Events } from "../../events.ts";
import { verifySignature } from "../../identity.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { HostKeys } from "../../ports/host-keys.ts";
import type { AgentCommands } from "../../ports/agent-link.ts";
import type { Audit, Initiator } from "../../ports/audit.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Transaction } from "../../ports/transaction.ts";
import { approvalOf } from "./approvals.ts";
import { endKey, isFormerKey } from "./former-key-store.ts";
import type { FormerKeys } from "./former-keys.ts";
import type { Instances } from "./instances.ts";
import { findHost, findHostByKey, replaceKey } from "./store.ts";

/** Gives a host a new key, which its agent makes and nobody else ever holds. */
export interface Rotation {
  /** Resolves when the new key is stored. @throws AppError `host_not_found`, `host_offline`, `agent_timeout`, `agent_refused` */
  ask(hostId: string, by: Initiator): Promise<void>;
  /** The agent's new keys, signed with the old one. @throws AppError when nobody asked for them, or they cannot be used */
  rotate(hostId: string, request: RotateRequest): Promise<RotateAnswer>;
  /** The agent has come with its present key: the one before it is needed no more. */
  greeted(hostId: string): void;
}

const answerMs = 30_000;
/** How long the agent may take to send its keys, and afterwards to come back with them. */
const patienceMs = 60_000;

/** By how much the agent may take the server's time for earlier than it is. */
const behindMs = 5_000;

interface Wish {
  readonly by: Initiator;
  readonly at: number;
  isFulfilled: boolean;
}

export function createRotation(deps: {
  readonly tx: Transaction;
  readonly audit: Audit;
  readonly events: Events;
  readonly commands: AgentCommands;
  readonly identity: Pick<ServerIdentity, "publicKeyText" | "sign">;
  readonly broker: Pick<Broker, "issueAgentJwt">;
  readonly hostKeys: Pick<HostKeys, "forget">;
  readonly formerKeys: Pick<FormerKeys, "cut">;
  readonly instances: Pick<Instances, "forget">;
  readonly clock: Clock;
}): Rotation {
  const { tx, events, clock } = deps;
  /** Who asked for a new key of which host, and has not got it. */
  const asked = new Map<string, Wish>();
  /** Old keys that still open the broker until their agents have come back. */
  const ending = new Map<string, { key: Uint8Array; cancel: Cancel }>();

  function endOld(hostId: string): void {
    const old = ending.get(hostId);
    if (old === undefined) return;
    ending.delete(hostId);
    old.cancel();
    void deps.formerKeys.cut(old.key);
  }

  /** @throws AppError */
  function check(hostId: string, request: RotateRequest) {
    const publicKey = publicKeyBytes(request.public_key);
    const x25519 = publicKeyBytes(request.x25519);
    if (publicKey === null || x25519 === null)
      throw new AppError("public_key_invalid");
    const proof = openSigned(
      "rm-rotate-v1",
      request.proof,
      publicKey,
      verifySignature,
      rotationProof,
    );
    const isOfRequest =
      proof?.host === hostId &&
      proof.public_key === request.public_key &&
      proof.x25519 === request.x25519 &&
      proof.t === request.t;
    if (!isOfRequest) throw new AppError("signature_invalid");
    if (proof.server_key !== deps.identity.publicKeyText)
      throw new AppError("server_key_mismatch");
    const fingerprint = fingerprintOf(publicKey);
    return { public_key: publicKey, x25519, fingerprint };
  }

  return {
    async ask(hostId, by) {
      const wish: Wish = { by, at: clock.now(), isFulfilled: false };
      asked.set(hostId, wish);
      const forget = () => {
        if (asked.get(hostId) === wish) asked.delete(hostId);
      };
      const cancel = clock.after(patienceMs, forget);
      const { commands } = deps;
      const answer = await commands
        .send(hostId, "key.rotate", () => ({}), z.unknown(), answerMs)
        .catch((error: unknown) => {
          // What nobody heard must not be answered by somebody who comes later.
          if (!(error instanceof AppError && error.code === "agent_timeout"))
            forget();
          throw error;
        });
      if (!answer.ok) {
        forget();
        throw new AppError("agent_refused", {
          message: answer.message,
          agentCode: answer.code,
        });
      }
      cancel();
      forget();
      if (wish.isFulfilled) return;
      throw new AppError("agent_refused", {
        message: "The agent answered without sending a new key; update it.",
      });
    },

    async rotate(hostId, request) {
      const wish = asked.get(hostId);
      if (wish === undefined)
        throw new AppError("forbidden", {
          message: "Nobody asked for a new key of this host.",
        });
      // Held back on its way since an earlier wish: its agent may not have that key any more.
      if (Date.parse(request.t) < wish.at - behindMs)
        throw new AppError("forbidden", {
          message: "This new key is one of an earlier request.",
        });
      const key = check(hostId, request);
      // One key for one wish, also of two agents with one identity that ask at the same moment.
      asked.delete(hostId);
      const { host, old } = await tx.run(async (trx) => {
        const before = await findHost(trx, hostId);
        if (before === null) throw new AppError("host_not_found");
        const isUsed =
          (await findHostByKey(trx, key.public_key)) !== null ||
          (await isFormerKey(trx, key.public_key));
        if (isUsed) throw new AppError("public_key_invalid");
        await endKey(trx, before, "rotated", toTimestamp(clock.now()));
        await replaceKey(trx, hostId, key);
        await deps.audit.record(trx, wish.by, {
          action: "host.rotate_key",
          target: { kind: "host", id: hostId },
          payload: {
            name: before.name,
            fingerprint: key.fingerprint,
            former_fingerprint: before.fingerprint,
          },
        });
        return { host: { ...before, ...key }, old: before.public_key };
      });
      wish.isFulfilled = true;
      deps.hostKeys.forget(hostId);
      deps.instances.forget(hostId);
      endOld(hostId);
      const cancel = clock.after(patienceMs, () => endOld(hostId));
      ending.set(hostId, { key: old, cancel });
      events.emit({ type: "host.changed", hostId });
      events.emit({ type: "host.configured", hostId });
      const { t } = request;
      return { host: hostId, t, approval: approvalOf(host, deps) };
    },

    greeted: endOld,
  };
}
