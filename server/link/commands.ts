import type { z } from "zod";
import { toTimestamp, type Clock } from "@restic-manager/shared/clock.ts";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
} from "@restic-manager/shared/identity/signed.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import {
  commandAnswer,
  type Command,
  type CommandAnswer,
} from "@restic-manager/shared/protocol/command.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import { AppError } from "../app-error.ts";
import { verifySignature, type ServerIdentity } from "../identity.ts";
import type { AgentCommands } from "../ports/agent-link.ts";
import { BusError, type Bus } from "../ports/bus.ts";
import type { Random } from "../random.ts";
import type { HostKeys } from "../ports/host-keys.ts";

interface Deps {
  readonly bus: Pick<Bus, "request">;
  readonly identity: Pick<ServerIdentity, "sign">;
  readonly hostKeys: HostKeys;
  readonly random: Pick<Random, "id">;
  readonly clock: Clock;
  readonly log: Log;
}

const unreadable =
  "The agent answered in a form this server does not know; update the agent.";
const unsigned =
  "The answer was not signed with the host's key, so it was not believed. Look at what runs on the host, and enrol it again.";

export function createAgentCommands(deps: Deps): AgentCommands {
  return {
    async send(hostId, verb, payload, result, timeoutMs) {
      const key = await deps.hostKeys.get(hostId);
      if (key === null) throw new AppError("host_not_found");
      const id = deps.random.id();
      const p = await payload(id);
      const now = deps.clock.now();
      const command: Command = {
        v: 1,
        id,
        host: hostId,
        verb,
        iat: toTimestamp(now),
        exp: toTimestamp(now + timeoutMs),
        p,
      };
      const text = JSON.stringify(
        signText("rm-command-v1", command, deps.identity.sign),
      );
      const reply = await deps.bus
        .request(topic.command(hostId, verb), text, timeoutMs)
        .catch(refuseAsAppError);
      // The agent may have replaced its key meanwhile, even because of this command.
      const answer =
        readAnswer(reply, key, id) ??
        readAnswer(reply, await deps.hostKeys.get(hostId), id);
      if (answer === null) {
        deps.log.warn("An answer to a command was not believed", {
          host_id: hostId,
          verb,
        });
        throw new AppError("agent_refused", { message: unsigned });
      }
      if (!answer.ok)
        return { ok: false, code: answer.code, message: answer.message };
      const parsed = result.safeParse(answer.result);
      if (!parsed.success)
        throw new AppError("agent_refused", { message: unreadable });
      return { ok: true, result: parsed.data };
    },
  };
}

function readAnswer(
  text: string,
  key: Uint8Array | null,
  commandId: string,
): CommandAnswer | null {
  const signed = parseJson(text, signedText);
  if (signed === null || key === null) return null;
  const answer = openSigned(
    "rm-event-v1",
    signed,
    key,
    verifySignature,
    commandAnswer as z.ZodType<CommandAnswer>,
  );
  // An answer to another command may be an old one, sent again.
  return answer?.id === commandId ? answer : null;
}

function refuseAsAppError(error: unknown): never {
  if (error instanceof BusError) {
    if (error.code === "no_listener") throw new AppError("host_offline");
    if (error.code === "timeout") throw new AppError("agent_timeout");
    throw new AppError("starting");
  }
  throw error;
}
