import type {
  CommandVerb,
  EventKind,
  RequestOp,
} from "@restic-manager/shared/protocol/topic.ts";
import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import type { z } from "zod";
import type { Trx } from "./transaction.ts";

/** What an agent answered to a command. A refusal is data: the agent's own code and sentence. */
export type CommandResult<T> =
  | { readonly ok: true; readonly result: T }
  | {
      readonly ok: false;
      readonly code: FailureCode;
      readonly message: string;
    };

/** Commands to agents. Signs every body; secrets inside a payload must already be sealed. */
export interface AgentCommands {
  /**
   * Sends a command and waits up to `timeoutMs` (milliseconds) for the agent's signed answer. `payload` makes its body,
   * or promises it.
   * @throws AppError `host_offline` when nobody listens, `agent_timeout` when no answer came.
   */
  send<T>(
    hostId: string,
    verb: CommandVerb,
    payload: (commandId: string) => unknown,
    result: z.ZodType<T>,
    timeoutMs: number,
  ): Promise<CommandResult<T>>;
}

/** An event whose signature, host, epoch and sequence have been checked and which was never stored before. */
export interface AgentEvent<T> {
  readonly hostId: string;
  readonly epoch: string;
  readonly seq: number;
  /** RFC 3339 UTC, the agent's reckoning of server time. */
  readonly t: string;
  readonly payload: T;
}

/** Runs after the transaction that stored the event has committed. */
export type AfterCommit = () => void;

/**
 * Stores one event inside the transaction that also moves the committed mark: both happen or neither does. Store calls
 * only; whatever else must follow is the returned function.
 */
export type EventHandler<T> = (
  trx: Trx,
  event: AgentEvent<T>,
) => Promise<AfterCommit | undefined>;

/** Where features register for what agents report, before the link starts. One handler a kind. */
export interface AgentEvents {
  on<T>(
    kind: EventKind | "log",
    schema: z.ZodType<T>,
    handler: EventHandler<T>,
  ): void;
}

/** Where features register for what agents ask. The returned value is the reply's body, which the link signs. */
export interface AgentRequests {
  on<T>(
    op: RequestOp,
    schema: z.ZodType<T>,
    handler: (hostId: string, body: T) => Promise<unknown>,
  ): void;
}
