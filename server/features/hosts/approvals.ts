import type { Clock } from "@restic-manager/shared/clock.ts";
import { toBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { encodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import { signText } from "@restic-manager/shared/identity/signed.ts";
import type { SignedText } from "@restic-manager/shared/identity/signed.ts";
import type { Refusal } from "@restic-manager/shared/protocol/identity.ts";
import type { Approval } from "@restic-manager/shared/protocol/announce.ts";
import { AppError } from "../../app-error.ts";
import type { ServerIdentity } from "../../identity.ts";
import type { Broker } from "../../ports/broker.ts";
import type { HostRecord } from "./store.ts";

/** How long an agent's JWT opens the broker. */
export const jwtLifeMs = 30 * 24 * 60 * 60 * 1000;

interface JwtDeps {
  readonly broker: Pick<Broker, "issueAgentJwt">;
  readonly clock: Clock;
}

/** Access to the broker for the host's key. */
export function agentJwtOf(
  host: Pick<HostRecord, "id" | "public_key">,
  { broker, clock }: JwtDeps,
): string {
  // The identity key is the NATS user key too: one key, one fingerprint to compare.
  const nkey = encodeNkey("user", host.public_key);
  return broker.issueAgentJwt(nkey, host.id, clock.now() + jwtLifeMs);
}

/**
 * What an approved host holds afterwards, signed by the server. Made afresh whenever its key asks again, so an agent
 * that lost it, or whose JWT has run out, comes back without a person.
 */
export function approvalOf(
  host: HostRecord,
  deps: JwtDeps & {
    readonly identity: Pick<ServerIdentity, "publicKeyText" | "sign">;
  },
): SignedText {
  const approval: Approval = {
    host_id: host.id,
    host_name: host.name,
    public_key: toBase64Url(host.public_key),
    server_key: deps.identity.publicKeyText,
    jwt: agentJwtOf(host, deps),
    approved_at: host.approved_at,
  };
  return signText("rm-approval-v1", approval, deps.identity.sign);
}

/** A no for the holder of a key that is worth as much as an approval; `about` is what it asked by. */
export function refusalOf(
  code: Refusal["code"],
  key: Uint8Array,
  about: string,
  identity: Pick<ServerIdentity, "sign">,
): AppError {
  const refusal: Refusal = { code, public_key: toBase64Url(key), about };
  return new AppError(code, {
    refusal: signText("rm-refusal-v1", refusal, identity.sign),
  });
}
