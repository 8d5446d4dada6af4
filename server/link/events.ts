import type { z } from "zod";
import {
  eventEnvelope,
  type EventEnvelope,
} from "@restic-manager/shared/protocol/event.ts";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { verifySignature } from "../identity.ts";
import type {
  AfterCommit,
  AgentEvents,
  EventHandler,
} from "../ports/agent-link.ts";
import type { BusMessage, BusStream } from "../ports/bus.ts";
import type { Trx } from "../ports/transaction.ts";

/** Stores the payload of one event; `malformed` when it does not fit the kind's schema. */
export type StoreEvent = (
  trx: Trx,
  event: EventEnvelope,
) => Promise<AfterCommit | undefined> | "malformed";

export interface EventRegistry extends AgentEvents {
  /** Undefined for a kind nobody registered. */
  find(kind: string): StoreEvent | undefined;
}

export function createEventRegistry(): EventRegistry {
  const handlers = new Map<string, StoreEvent>();
  return {
    on<T>(kind: string, schema: z.ZodType<T>, handler: EventHandler<T>) {
      if (handlers.has(kind))
        throw new Error(`Two handlers were registered for ${kind}.`);
      handlers.set(kind, (trx, { host, epoch, seq, t, p }) => {
        const payload = schema.safeParse(p);
        if (!payload.success) return "malformed";
        const event = { hostId: host, epoch, seq, t, payload: payload.data };
        return handler(trx, event);
      });
    },
    find: (kind) => handlers.get(kind),
  };
}

export type Refusal = "not_signed_text" | "signature_invalid" | "wrong_subject";

/** The event in a message, when the key of the host whose subject it came on signed it; otherwise why not. */
export function readEvent(
  stream: BusStream,
  message: BusMessage,
  key: Uint8Array,
): EventEnvelope | Refusal {
  const signed = parseJson(message.text, signedText);
  if (signed === null) return "not_signed_text";
  const event = openSigned(
    "rm-event-v1",
    signed,
    key,
    verifySignature,
    eventEnvelope,
  );
  if (event === null) return "signature_invalid";
  const kind = stream === "logs" ? "log" : message.tail;
  return event.host === message.hostId && event.kind === kind
    ? event
    : "wrong_subject";
}
