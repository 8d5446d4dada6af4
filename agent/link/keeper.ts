import { delay, type Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  RejectedError,
  RemovedError,
  ServerKeyError,
} from "../identity/refusals.ts";
import { ServerFault } from "../identity/server-fault.ts";
import type { Random } from "../random.ts";
import type { Addresses } from "./addresses.ts";
import { LinkError, type Connection, type Link } from "./link.ts";
import { ProtocolMismatchError, type SessionEnd } from "./session.ts";

/** Why the agent no longer tries to connect. */
export type KeeperEnd = "stopped" | "rejected" | "removed" | "host_changed";

export interface KeeperDeps {
  readonly link: Link;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Asks the server over HTTP who it is, so that DNS, TLS and proxy faults get their own names. */
  readonly meet: () => Promise<void>;
  readonly session: (connection: Connection) => Promise<SessionEnd>;
  /** Gets a new approval from the server. False when it is for another host id. Throws `RejectedError`, `RemovedError`. */
  readonly recover: () => Promise<boolean>;
  readonly addresses: Pick<Addresses, "next" | "first">;
  readonly signal: AbortSignal;
}

const firstWaitMs = 1_000;
const longestWaitMs = 60_000;
const shortestWaitMs = 200;
const silentAttempts = 4;

/**
 * Keeps this host connected for as long as the agent runs: attempts grow from one to sixty seconds apart, each at a random
 * instant of that span, so that a fleet does not return at once.
 */
export async function keepConnected(deps: KeeperDeps): Promise<KeeperEnd> {
  const { clock, random, log, signal } = deps;
  let attempt = 0;
  /** Attempts one after the other at which the server answered over HTTP and the broker did not. */
  let unheard = 0;
  /** How long a busy server asks to be left alone, in milliseconds. */
  let asked = 0;
  const told = new Set<string>();

  while (!signal.aborted) {
    let end: SessionEnd | LinkError["kind"] | "protocol_mismatch";
    asked = 0;
    const startedAt = clock.now();
    try {
      end = await connectOnce();
      unheard = 0;
      if (end === "closed") {
        told.clear();
        deps.addresses.first();
      }
      // A session that lasted was a good one; one that ended at once is no reason to hurry.
      if (clock.now() - startedAt > longestWaitMs) attempt = 0;
    } catch (error) {
      const final = finalEnd(error);
      if (final !== null) return final;
      end = endOf(error);
      if (!signal.aborted) tell(error);
      unheard =
        error instanceof LinkError && end === "unreachable" ? unheard + 1 : 0;
      if (end !== "unauthorized") deps.addresses.next();
    }
    if (signal.aborted) break;
    // A broker may hang up before its reason is heard.
    const isSilent = unheard > 0 && unheard % silentAttempts === 0;
    if (end === "unauthorized" || end === "unknown_host" || isSilent) {
      const outcome = await recovered();
      if (outcome !== null) return outcome;
    }
    const wait =
      end === "protocol_mismatch" ? longestWaitMs : backoff(attempt++);
    await delay(clock, asked + wait, signal);
  }
  return "stopped";

  async function connectOnce(): Promise<SessionEnd> {
    await deps.meet();
    const connection = await deps.link.connect();
    const close = () => void connection.close();
    signal.addEventListener("abort", close);
    try {
      // The end may have come while the connection was made.
      if (signal.aborted) return "closed";
      return await deps.session(connection);
    } finally {
      signal.removeEventListener("abort", close);
      await connection.close();
    }
  }

  async function recovered(): Promise<KeeperEnd | null> {
    try {
      return (await deps.recover()) ? null : "host_changed";
    } catch (error) {
      const final = finalEnd(error);
      if (final === null && !signal.aborted) tell(error);
      return final;
    }
  }

  function backoff(n: number): number {
    const span = Math.min(longestWaitMs, firstWaitMs * 2 ** n);
    return shortestWaitMs + random.fraction() * (span - shortestWaitMs);
  }

  /** Once per reason: a server that is away for a weekend fills no disk. */
  function tell(error: unknown): void {
    if (error instanceof ServerFault) asked = error.retryAfterMs;
    const words = error instanceof Error ? error.message : String(error);
    if (told.has(words)) return;
    told.add(words);
    const message =
      "Not connected to the server; backups go on by the schedules known here";
    if (isExpected(error)) log.warn(message, { reason: words });
    else log.error(message, { error });
  }
}

function finalEnd(error: unknown): KeeperEnd | null {
  if (error instanceof RejectedError) return "rejected";
  return error instanceof RemovedError ? "removed" : null;
}

function endOf(error: unknown): LinkError["kind"] | "protocol_mismatch" {
  if (error instanceof ProtocolMismatchError) return "protocol_mismatch";
  if (error instanceof ServerFault && error.code?.startsWith("protocol_"))
    return "protocol_mismatch";
  return error instanceof LinkError ? error.kind : "unreachable";
}

function isExpected(error: unknown): boolean {
  return [ServerFault, ServerKeyError, LinkError, ProtocolMismatchError].some(
    (kind) => error instanceof kind,
  );
}
