import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../e2e/rig/agent.ts";
import { ed25519Pair } from "../e2e/rig/announcer.ts";
import { publicNkey } from "../e2e/rig/broker.ts";

/** What is on an endpoint's disk and lets it in. */
export interface Login {
  readonly key: KeyObject;
  /** Raw Ed25519, base64url. */
  readonly publicKey: string;
  /** `U…` */
  readonly nkey: string;
  readonly jwt: string;
}

/** PKCS#8 of Ed25519 up to the 32 private bytes. */
const privatePrefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** Copies key and approval of an agent, as who has its disk can. */
export function stolenFrom(agent: Agent): Login {
  const read = (name: string) =>
    readFileSync(join(agent.stateDir, name), "utf8");
  const { ed25519 } = JSON.parse(read("identity.json")) as { ed25519: string };
  const seed = Buffer.from(ed25519, "base64url");
  const key = createPrivateKey({
    key: Buffer.concat([privatePrefix, seed]),
    format: "der",
    type: "pkcs8",
  });
  const [jwt = ""] =
    /ey[\w-]+\.ey[\w-]+\.[\w-]{80,}/.exec(read("approval.json")) ?? [];
  return { ...publicSide(key), jwt };
}

/** A key that nobody approved. */
export function ownKey(): Login {
  return { ...publicSide(ed25519Pair().privateKey), jwt: "" };
}

function publicSide(key: KeyObject) {
  const raw = createPublicKey(key)
    .export({ format: "der", type: "spki" })
    .subarray(-32);
  return {
    key,
    publicKey: raw.toString("base64url"),
    nkey: publicNkey(160, raw),
  };
}

/** `{b, s}`, as every signed text travels. */
export function signedText(
  purpose: string,
  body: unknown,
  { key }: Pick<Login, "key">,
): { b: string; s: string } {
  const b = typeof body === "string" ? body : JSON.stringify(body);
  const s = sign(null, Buffer.from(`${purpose}\n${b}`), key);
  return { b, s: s.toString("base64url") };
}

export function signature(text: string, { key }: Pick<Login, "key">): string {
  return sign(null, Buffer.from(text), key).toString("base64url");
}

/** The claims of a JWT, changed, under a signature by `signer`, or under the old one. */
export function changedJwt(
  jwt: string,
  changes: Readonly<Record<string, unknown>>,
  signer: Login | null,
  header?: Readonly<Record<string, string>>,
): string {
  const [head = "", body = "", old = ""] = jwt.split(".");
  const part = (value: unknown) =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = JSON.parse(
    Buffer.from(body, "base64url").toString(),
  ) as object;
  const text = `${header === undefined ? head : part(header)}.${part({ ...claims, ...changes })}`;
  return `${text}.${signer === null ? old : signature(text, signer)}`;
}
