import type { z } from "zod";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
} from "@restic-manager/shared/identity/signed.ts";
import {
  topic,
  type RequestOp,
} from "@restic-manager/shared/protocol/topic.ts";
import { verifySignature } from "../identity/keys.ts";
import { LinkError, type Connection } from "./link.ts";
import type { ServerTime } from "./server-time.ts";

/** Asks the server, and believes only what the key pinned at approval has signed, for this host and this question. */
export interface ServerRequests {
  /** `t` of the body, where something in it repeats it, is the time of the question. Throws `LinkError`. */
  ask<T extends { host: string; t: string }>(
    connection: Connection,
    op: RequestOp,
    body: Record<string, unknown>,
    schema: z.ZodType<T>,
  ): Promise<T>;
}

export interface ServerRequestsDeps {
  readonly hostId: string;
  readonly sign: Sign;
  /** 32 bytes. */
  readonly serverKey: Uint8Array;
  readonly time: Pick<ServerTime, "stamp">;
}

const answerMs = 10_000;
/** The server looks at the folders of all hosts one after another; a large one takes it seconds. */
const longer: Partial<Record<RequestOp, number>> = { "tree.put": 60_000 };

export function createServerRequests(deps: ServerRequestsDeps): ServerRequests {
  const { hostId, sign, serverKey, time } = deps;
  return {
    async ask(connection, op, body, schema) {
      const question = { host: hostId, t: time.stamp(), ...body };
      const request = JSON.stringify(signText("rm-request-v1", question, sign));
      const text = await connection.request(
        topic.request(hostId, op),
        request,
        longer[op] ?? answerMs,
      );
      const signed = parseJson(text, signedText);
      const answer =
        signed === null
          ? null
          : openSigned(
              "rm-reply-v1",
              signed,
              serverKey,
              verifySignature,
              schema,
            );
      // The echo of `t` keeps an old answer from being played again.
      if (answer === null || answer.host !== hostId || answer.t !== question.t)
        throw new LinkError(
          "refused",
          `The answer to ${op} is not one of the approved server to this question.`,
        );
      return answer;
    },
  };
}
