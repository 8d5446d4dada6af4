import { signNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  decodeNkey,
  encodeNkeySeed,
} from "@restic-manager/shared/identity/nkey.ts";
import { hostId as hostIdSchema } from "@restic-manager/shared/domain/ids.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import type { Random } from "../random.ts";
import { agentSigner, type BrokerKeys, natsKey } from "./nats-keys.ts";
import {
  agentRole,
  controlPlaneRole,
  debugRole,
  systemRole,
} from "./nats-roles.ts";

/** An account as the broker's configuration and a claims push need it. */
export interface NatsAccount {
  readonly id: string;
  readonly jwt: string;
}

/** What a client of the broker logs in with. */
export interface NatsCredentials {
  readonly jwt: string;
  readonly sign: Sign;
}

const day = 24 * 3600;

/** Longest life of an agent's JWT in seconds. Revocations older than this are pointless and are forgotten. */
export const agentJwtLife = 30 * day;

export function systemAccount(
  keys: BrokerKeys,
  nowSeconds: number,
): NatsAccount {
  return account(keys, natsKey("account", keys.system).nkey, {
    name: "SYS",
    nowSeconds,
    body: { limits: noLimits },
  });
}

/** The account of the server and all agents, with the roles of the scoped keys and who is revoked. */
export function mainAccount(keys: BrokerKeys, nowSeconds: number): NatsAccount {
  const scope = (key: string, role: string, template: object) => ({
    kind: "user_scope",
    key,
    role,
    template,
  });
  const debugSigner = natsKey("account", keys.debugSigning).nkey;
  return account(keys, natsKey("account", keys.account).nkey, {
    name: "RM",
    nowSeconds,
    body: {
      limits: { ...noLimits, ...jetStreamLimits },
      signing_keys: [
        ...[agentSigner(keys), ...keys.formerAgentSigning].map((key) =>
          scope(key, "agent", agentRole),
        ),
        scope(debugSigner, "debug-read", debugRole),
      ],
      revocations: keys.revocations,
    },
  });
}

const noLimits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};

/** Without these JetStream is off in an account. */
const jetStreamLimits = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
};

function account(
  keys: BrokerKeys,
  id: string,
  claim: { name: string; nowSeconds: number; body: object },
): NatsAccount {
  const issuer = natsKey("operator", keys.operatorSigning);
  const jwt = signNatsJwt(
    {
      issuer: issuer.nkey,
      subject: id,
      name: claim.name,
      issuedAt: claim.nowSeconds,
      nats: { type: "account", version: 2, ...claim.body },
    },
    issuer.sign,
  );
  return { id, jwt };
}

/**
 * The JWT by which the holder of `nkey` is the host `hostId`. `expiresAt` in seconds.
 * @throws RangeError for a malformed nkey or host id, or an expiry that is past or too far ahead.
 */
export function agentJwt(
  keys: BrokerKeys,
  nowSeconds: number,
  user: { nkey: string; hostId: string; expiresAt: number },
): string {
  if (decodeNkey("user", user.nkey) === null)
    throw new RangeError("The agent's nkey is not a user key (U…).");
  // The name becomes part of what the role allows: a `*` here would open every host's subjects.
  if (!hostIdSchema.safeParse(user.hostId).success)
    throw new RangeError(`"${user.hostId}" is not a host id.`);
  const life = user.expiresAt - nowSeconds;
  if (life <= 0 || life > agentJwtLife)
    throw new RangeError(
      `An agent's JWT lives at most 30 days, not ${life} seconds.`,
    );
  // Revocation covers whole seconds: a JWT of the very second of a revocation would be dead at birth.
  const revokedAt = keys.revocations[user.nkey] ?? 0;
  return scopedUser(keys, keys.agentSigning, {
    nkey: user.nkey,
    name: user.hostId,
    issuedAt: Math.max(nowSeconds, revokedAt + 1),
    expiresAt: user.expiresAt,
  });
}

/** Text of a `.creds` file that reads everything and publishes nothing, for `ttlSeconds`. */
export function debugCreds(
  keys: BrokerKeys,
  random: Pick<Random, "bytes">,
  nowSeconds: number,
  ttlSeconds: number,
): string {
  const seed = encodeNkeySeed("user", random.bytes(32));
  const jwt = scopedUser(keys, keys.debugSigning, {
    nkey: natsKey("user", seed).nkey,
    name: "debug-read",
    issuedAt: nowSeconds,
    expiresAt: nowSeconds + ttlSeconds,
  });
  return [
    "-----BEGIN NATS USER JWT-----",
    jwt,
    "------END NATS USER JWT------",
    "",
    "-----BEGIN USER NKEY SEED-----",
    seed,
    "------END USER NKEY SEED------",
    "",
  ].join("\n");
}

/** A scoped user carries no permission of its own: the account's template decides, for all at once. */
function scopedUser(
  keys: BrokerKeys,
  signingSeed: string,
  user: { nkey: string; name: string; issuedAt: number; expiresAt: number },
): string {
  const issuer = natsKey("account", signingSeed);
  return signNatsJwt(
    {
      issuer: issuer.nkey,
      subject: user.nkey,
      name: user.name,
      issuedAt: user.issuedAt,
      expiresAt: user.expiresAt,
      nats: {
        type: "user",
        version: 2,
        issuer_account: natsKey("account", keys.account).nkey,
      },
    },
    issuer.sign,
  );
}

/**
 * The server's own users. Their keys are made here and live as long as this process: there is nothing to store,
 * nothing to steal at rest, and nothing to revoke.
 */
export function serverCredentials(
  keys: BrokerKeys,
  random: Pick<Random, "bytes">,
  nowSeconds: number,
  role: "control-plane" | "system",
): NatsCredentials {
  const issuer = natsKey(
    "account",
    role === "system" ? keys.system : keys.account,
  );
  const user = natsKey("user", encodeNkeySeed("user", random.bytes(32)));
  const jwt = signNatsJwt(
    {
      issuer: issuer.nkey,
      subject: user.nkey,
      name: role === "system" ? "sys" : "cp",
      issuedAt: nowSeconds,
      nats: {
        type: "user",
        version: 2,
        ...(role === "system" ? systemRole : controlPlaneRole),
      },
    },
    issuer.sign,
  );
  return { jwt, sign: user.sign };
}
