import { createPublicKey, sign } from "node:crypto";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import { signNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  decodeNkeySeed,
  encodeNkey,
  encodeNkeySeed,
  type NkeyKind,
} from "@restic-manager/shared/identity/nkey.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { z } from "zod";
import { ed25519Key } from "../identity.ts";
import { BrokerError } from "../ports/broker.ts";
import type { Random } from "../random.ts";

/** A key pair of the broker's own: its public nkey and a signer that holds the private half. */
export interface NatsKey {
  readonly nkey: string;
  readonly sign: Sign;
}

const seedOf = (kind: NkeyKind) =>
  z.string().refine((text) => decodeNkeySeed(kind, text) !== null);

const keys = z.object({
  v: z.literal(1),
  /** Minted once: a running nats-server refuses a re-minted one, and external brokers will have installed it. */
  operatorJwt: z.string(),
  /** Seeds. The operator key signs nothing but its own JWT, so that it can be kept offline. */
  operator: seedOf("operator"),
  operatorSigning: seedOf("operator"),
  system: seedOf("account"),
  account: seedOf("account"),
  agentSigning: seedOf("account"),
  /** Public keys of signers before `agentSigning`: what they signed still opens, until they are dropped. */
  formerAgentSigning: z.array(z.string()).default([]),
  debugSigning: seedOf("account"),
  /** nkey → second of its revocation. */
  revocations: z.record(z.string(), z.int()),
});

/** What the broker keeps between starts. Holds secrets: encrypted at rest, never logged. */
export type BrokerKeys = z.infer<typeof keys>;

export function mintBrokerKeys(
  random: Pick<Random, "bytes">,
  nowSeconds: number,
): BrokerKeys {
  const newSeed = (kind: NkeyKind) => encodeNkeySeed(kind, random.bytes(32));
  const operator = newSeed("operator");
  const operatorSigning = newSeed("operator");
  const system = newSeed("account");
  const root = natsKey("operator", operator);
  const operatorJwt = signNatsJwt(
    {
      issuer: root.nkey,
      subject: root.nkey,
      name: "restic-manager",
      issuedAt: nowSeconds,
      nats: {
        type: "operator",
        version: 2,
        signing_keys: [natsKey("operator", operatorSigning).nkey],
        system_account: natsKey("account", system).nkey,
      },
    },
    root.sign,
  );
  return {
    v: 1,
    operatorJwt,
    operator,
    operatorSigning,
    system,
    account: newSeed("account"),
    agentSigning: newSeed("account"),
    formerAgentSigning: [],
    debugSigning: newSeed("account"),
    revocations: {},
  };
}

/** A fresh signer of agents beside those before it. */
export function withNewAgentSigning(
  keys: BrokerKeys,
  random: Pick<Random, "bytes">,
): BrokerKeys {
  return {
    ...keys,
    agentSigning: encodeNkeySeed("account", random.bytes(32)),
    formerAgentSigning: [...keys.formerAgentSigning, agentSigner(keys)],
  };
}

/** Public key of whoever signs agents now. */
export function agentSigner(keys: BrokerKeys): string {
  return natsKey("account", keys.agentSigning).nkey;
}

/** @throws BrokerError `broker_keys_invalid` */
export function parseBrokerKeys(text: string): BrokerKeys {
  const parsed = parseJson(text, keys);
  if (parsed === null)
    throw new BrokerError(
      "broker_keys_invalid",
      "The broker's stored keys cannot be read. Restore the database from a backup, or approve every agent again.",
    );
  return parsed;
}

/** @throws RangeError when the text is no seed of that kind. */
export function natsKey(kind: NkeyKind, seedText: string): NatsKey {
  const seed = decodeNkeySeed(kind, seedText);
  if (seed === null) throw new RangeError(`not the seed of an ${kind} nkey`);
  const key = ed25519Key(seed);
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    nkey: encodeNkey(kind, spki.subarray(-32)),
    sign: (message) => sign(null, message, key),
  };
}
