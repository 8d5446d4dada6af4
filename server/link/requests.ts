import { z } from "zod";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { hostId, timestamp } from "@restic-manager/shared/domain/ids.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
} from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { HelloAnswer } from "@restic-manager/shared/protocol/hello.ts";
import { pattern } from "@restic-manager/shared/protocol/topic.ts";
import { helpUrl } from "@restic-manager/shared/protocol/version.ts";
import { AppError } from "../app-error.ts";
import { verifySignature, type ServerIdentity } from "../identity.ts";
import type { AgentRequests } from "../ports/agent-link.ts";
import type { Bus, BusMessage, Unsubscribe } from "../ports/bus.ts";
import type { HostKeys } from "../ports/host-keys.ts";
import { createSeldom } from "../seldom.ts";

interface Deps {
  readonly bus: Pick<Bus, "serve">;
  readonly identity: Pick<ServerIdentity, "sign">;
  readonly hostKeys: HostKeys;
  readonly clock: Clock;
  readonly log: Log;
}

/** Null when the body does not fit the request's schema. */
type Handler = (hostId: string, body: unknown) => Promise<unknown> | null;

/** Every request names its own host inside the signature. */
const requestBase = z.looseObject({ host: hostId, t: timestamp });

/**
 * Answers what agents ask. Only a body signed with the key of the host whose subject it came on reaches a handler;
 * every reply is signed with the server's key. Anything else gets no answer and, once a minute, a line in the log.
 */
export function createAgentRequests(
  deps: Deps,
): AgentRequests & { start(): Unsubscribe } {
  const handlers = new Map<string, Handler>();
  const isToBeSaid = createSeldom(deps.clock);

  async function answer(message: BusMessage): Promise<string | null> {
    const about = { host_id: message.hostId, kind: message.tail };
    const signed = parseJson(message.text, signedText);
    if (signed === null) return refuse("The request is not signed text", about);
    const key = await deps.hostKeys.get(message.hostId);
    if (key === null) return answerStranger(message, signed.b);
    const body = openSigned(
      "rm-request-v1",
      signed,
      key,
      verifySignature,
      requestBase,
    );
    if (body === null || body.host !== message.hostId)
      return refuse("The request is not signed by its host", about);
    const handler = handlers.get(message.tail);
    if (handler === undefined) return refuse("The request is unknown", about);
    const answered = handler(message.hostId, body);
    if (answered === null) return refuse("The request is malformed", about);
    return reply(await answered);
  }

  /** The database does not know the host any more: its agent must learn that, or it would knock for ever. */
  function answerStranger(message: BusMessage, body: string): string | null {
    const asked = parseJson(body, requestBase);
    if (message.tail !== "hello" || asked === null) return null;
    const refusal: HelloAnswer = {
      ok: false,
      host: message.hostId,
      t: asked.t,
      code: "unknown_host",
      message: "This server does not know the host; announce it again.",
      help_url: helpUrl,
    };
    return reply(refusal);
  }

  function reply(body: unknown): string {
    return JSON.stringify(signText("rm-reply-v1", body, deps.identity.sign));
  }

  function refuse(
    reason: string,
    about: { host_id: string; kind: string },
  ): null {
    // Not by the kind, which the host may choose.
    const count = isToBeSaid(`${about.host_id} ${reason}`);
    if (count !== null)
      deps.log.warn("A request of an agent was refused", {
        ...about,
        reason,
        count: count + 1,
      });
    return null;
  }

  return {
    on(op, schema, handler) {
      handlers.set(op, (host, body) => {
        const parsed = schema.safeParse(body);
        return parsed.success ? handler(host, parsed.data) : null;
      });
    },
    start: () =>
      deps.bus.serve(pattern.requests, (message) =>
        answer(message).catch((error: unknown) => {
          const about = { host_id: message.hostId, kind: message.tail };
          if (error instanceof AppError) return refuse(error.message, about);
          deps.log.error("Answering an agent failed", { ...about, error });
          return null;
        }),
      ),
  };
}
