import { z } from "zod";
import type { Failure } from "@restic-manager/shared/domain/failure.ts";
import type { Sign } from "@restic-manager/shared/identity/keys.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
} from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  command,
  type Command,
  type CommandAnswer,
} from "@restic-manager/shared/protocol/command.ts";
import {
  parseSubject,
  type CommandVerb,
} from "@restic-manager/shared/protocol/topic.ts";
import { FailureError, failureFrom } from "../failure-error.ts";
import { verifySignature } from "../identity/keys.ts";
import type { Connection } from "../link/link.ts";
import type { ServerTime } from "../link/server-time.ts";
import type { SeenCommands } from "./seen-commands.ts";

/** What a command's handler gets to know beside its payload. */
export interface CommandContext {
  readonly id: string;
  readonly connection: Connection;
}

export type CommandHandler = (
  payload: unknown,
  context: CommandContext,
) => Promise<unknown>;

export interface DispatchDeps {
  readonly hostId: string;
  /** 32 bytes. */
  readonly serverKey: Uint8Array;
  /** The key this host lives by now. */
  readonly key: () => { readonly sign: Sign };
  readonly time: Pick<ServerTime, "now">;
  readonly seen: SeenCommands;
  readonly log: Log;
  /** A command of the server is not of this time: one of the two clocks was set. */
  readonly onUntimely: () => void;
  readonly handlers: Readonly<Record<CommandVerb, CommandHandler>>;
}

const anything = z.unknown();
/** Characters. The longest command carries the policies of all source groups of a large repository, sealed. */
const longestBody = 512 * 1024;
/** How long before its own time a command may arrive: clocks differ a little. */
const earlyMs = 60_000;

/**
 * Carries out what the approved server commands, and nothing else: the broker in between is not trusted. Always answers,
 * with the failure when it is one.
 */
export function createDispatch(deps: DispatchDeps) {
  const { hostId, log } = deps;

  return async (
    connection: Connection,
    subject: string,
    body: string,
  ): Promise<string> => {
    // A command may change the key; whoever gave it expects the answer by the one it knows.
    const { sign } = deps.key();
    let id = "";
    let answer: CommandAnswer;
    try {
      const opened = open(deps, subject, body);
      id = opened.id;
      log.debug("A command arrived", { verb: opened.verb });
      const result = await deps.handlers[opened.verb](opened.p, {
        id,
        connection,
      });
      answer = { id, ok: true, result: result ?? {} };
    } catch (error) {
      const { code, message } = refusal(error);
      answer = { id, ok: false, code, message };
    }
    return JSON.stringify(signText("rm-event-v1", answer, sign));
  };

  function refusal(error: unknown): Failure {
    const reason = failureFrom(error);
    if (error instanceof FailureError)
      log.warn("A command was refused", {
        code: reason.code,
        reason: reason.message,
        host_id: hostId,
      });
    else log.error("A command failed", { error });
    return reason;
  }
}

function open(deps: DispatchDeps, subject: string, body: string): Command {
  const { hostId, serverKey, time } = deps;
  const signed = body.length > longestBody ? null : parseJson(body, signedText);
  const opened =
    signed === null
      ? null
      : openSigned(
          "rm-command-v1",
          signed,
          serverKey,
          verifySignature,
          command,
        );
  // A verb of a newer server does not fit the schema either; the signature alone tells the two apart.
  if (opened === null) {
    const isOurs =
      signed !== null &&
      openSigned(
        "rm-command-v1",
        signed,
        serverKey,
        verifySignature,
        anything,
      ) !== null;
    throw new FailureError(isOurs ? "command_unknown" : "signature_invalid");
  }
  const now = time.now();
  const [issued, expires] = [Date.parse(opened.iat), Date.parse(opened.exp)];
  const isTimely = issued - earlyMs <= now && now < expires;
  const isForUs =
    opened.host === hostId && parseSubject(subject)?.tail === opened.verb;
  if (isForUs && !isTimely) deps.onUntimely();
  if (!isTimely || !isForUs) throw new FailureError("command_expired");
  if (!deps.seen.remember(opened.id, expires, now))
    throw new FailureError("command_repeated");
  return opened;
}

/** Parses a command's payload; one that does not fit comes from a newer server. */
export function payloadOf<T>(schema: z.ZodType<T>, payload: unknown): T {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw new FailureError("command_unknown");
  return parsed.data;
}
