import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import {
  signText,
  type SignPurpose,
} from "@restic-manager/shared/identity/signed.ts";
import { identityOf } from "../identity.ts";
import type { BusMessage } from "../ports/bus.ts";
import type { Db } from "../ports/db.ts";
import { createRandom } from "../random.ts";

/** What the endpoint's side of the protocol says, signed with a real key. */
export interface TestAgent {
  readonly hostId: string;
  readonly epoch: string;
  readonly publicKey: Uint8Array;
  readonly publicKeyText: string;
  readonly fingerprint: string;
  /** With its identity key, as for the broker's nonce. */
  readonly sign: Sign;
  /** The text of a signed body, as it travels. */
  signed(purpose: SignPurpose, body: unknown): string;
  /** A durable event as the bus hands it over; `over` changes fields of its envelope. */
  event(
    seq: number,
    kind: string,
    p: unknown,
    over?: Readonly<Record<string, unknown>>,
  ): BusMessage;
  request(op: string, body: object): BusMessage;
  /** The text of a hello; `over` changes fields. */
  hello(over?: object): string;
  /** The text of a heartbeat of the same process; `over` changes fields. */
  beat(over?: object): string;
}

/** An agent with the key that `number` stands for; the same number is the same agent. `hostId` is whose key it is. */
export function createTestAgent(
  clock: Clock,
  number = 1,
  hostId = `h${String(number).padStart(16, "0")}`,
): TestAgent {
  const key = identityOf(new Uint8Array(32).fill(number), createRandom(clock));
  const epoch = `epoch-${number}`;
  const signed = (purpose: SignPurpose, body: unknown) =>
    JSON.stringify(signText(purpose, body, key.sign));
  const now = () => toTimestamp(clock.now());
  const instance = `process-${number}`.padEnd(16, "-");
  return {
    hostId,
    epoch,
    publicKey: key.publicKey,
    publicKeyText: key.publicKeyText,
    fingerprint: key.fingerprint,
    sign: key.sign,
    signed,
    event: (seq, kind, p, over = {}) => ({
      hostId,
      tail: kind,
      text: signed("rm-event-v1", {
        v: 1,
        host: hostId,
        epoch,
        seq,
        t: now(),
        kind,
        p,
        ...over,
      }),
    }),
    request: (op, body) => ({
      hostId,
      tail: op,
      text: signed("rm-request-v1", { host: hostId, t: now(), ...body }),
    }),
    hello: (over = {}) =>
      signed("rm-request-v1", {
        ...facts,
        host: hostId,
        t: now(),
        epoch,
        instance,
        ...over,
      }),
    beat: (over = {}) =>
      signed("rm-heartbeat-v1", {
        host: hostId,
        t: now(),
        instance,
        epoch,
        cfg_rev: 0,
        outbox_depth: 0,
        running_jobs: [],
        rss: 1,
        ...over,
      }),
  };
}

const facts = {
  protocol_min: 1,
  protocol_max: 1,
  agent_version: "0.2.0",
  agent_commit: "0123456789ab",
  hostname: "nas.local",
  os: "linux",
  os_version: "Debian 12",
  arch: "arm64",
  tz: "Europe/Berlin",
  boot_time: "2025-12-31T00:00:00.000Z",
  restic: {
    version: "0.19.1",
    source: "override",
    path: "/usr/bin/restic",
    sha256: null,
    problem: "It cannot be run.",
  },
  cfg_rev: 0,
  running_jobs: [],
  outbox_depth: 0,
  jwt_issuer: "the present signer",
};

/** Puts the agent's host into the store, as its approval would. */
export async function insertTestHost(
  db: Db,
  agent: TestAgent,
  over: { readonly name?: string; readonly status?: "online" | "offline" } = {},
): Promise<void> {
  const at = "2026-01-01T00:00:00.000Z";
  await db
    .insertInto("hosts")
    .values({
      id: agent.hostId,
      name: over.name ?? agent.hostId,
      hostname: over.name ?? agent.hostId,
      os: "linux",
      os_version: "",
      arch: "x64",
      tz: "Etc/UTC",
      boot_time: null,
      agent_version: "0.1.0",
      agent_commit: "",
      restic: null,
      public_key: agent.publicKey,
      fingerprint: agent.fingerprint,
      x25519: agent.publicKey,
      status: over.status ?? "offline",
      last_seen_at: null,
      always_on: 1,
      tags: "[]",
      bandwidth_up_kbps: null,
      bandwidth_down_kbps: null,
      pre_hook: null,
      post_hook: null,
      hook_shell: null,
      hook_timeout_s: null,
      clock_skew_ms: 0,
      cfg_rev: 0,
      applied_cfg_rev: 0,
      announced_from_ip: "192.0.2.1",
      approved_by: null,
      approved_at: at,
      created_at: at,
      identity_conflict: null,
    })
    .execute();
}
