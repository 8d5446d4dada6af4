import type { Permission, Role } from "@restic-manager/shared/domain/role.ts";
import type { z } from "zod";
import type { Initiator } from "./audit.ts";
import type { SocketHandler } from "./socket.ts";

/**
 * Who may use a route: holders of a permission, every logged-in user for what is their own (`self`), or anybody
 * (`public`). There is no default.
 */
export type Access = Permission | "self" | "public";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A logged-in user, as read from the store for this very request. */
export interface Actor {
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  readonly sessionId: string;
}

export interface RequestInfo {
  readonly id: string;
  /** The client's address: behind a trusted proxy what the proxy says, otherwise the peer. */
  readonly ip: string;
  /** Scheme and host under which the client reached the server, for example `https://backup.example.org`. */
  readonly origin: string;
  readonly isSecure: boolean;
  readonly headers: Headers;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

export interface Input<A extends Access, P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly actor: A extends "public" ? Actor | null : Actor;
  /** Who is to stand in the audit row of what this request changes. */
  readonly by: Initiator;
  readonly request: RequestInfo;
  /** Headers to add to the answer. */
  readonly answerHeaders: Headers;
}

type Schema = z.ZodType | undefined;
type Parsed<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;

/** A schema: JSON of that shape. Null: 204. A content type: whatever Response the handler makes. */
type Answer = z.ZodType | null | `${string}/${string}`;
type Answered<S extends Answer> = S extends z.ZodType
  ? z.input<S>
  : S extends null
    ? void
    : Response;

export interface RouteSpec<
  A extends Access,
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  S extends Answer,
> {
  readonly method: Method;
  /** Hono's notation, `/api/hosts/:id`. */
  readonly path: string;
  readonly access: A;
  /** One line for the API reference. */
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Largest body in bytes; 64 KiB when absent. */
  readonly maxBody?: number;
  readonly answer: S;
  /** Of a successful answer; 200 when absent, 204 when `answer` is null. */
  readonly status?: 200 | 201 | 202;
  /** Action of the audit row it leaves; `none` for a POST that changes nothing. Required unless GET. */
  readonly audit?: string;
  handle(
    input: Input<A, Parsed<P>, Parsed<Q>, Parsed<B>>,
  ): Promise<Answered<S>> | Answered<S>;
}

/** A route whose types have done their work. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly maxBody?: number;
  readonly answer: Answer;
  readonly status?: 200 | 201 | 202;
  readonly audit?: string;
  handle(input: Input<Access, unknown, unknown, unknown>): unknown;
}

/** Declares a route; `createApi` mounts it behind every check that its declaration asks for. */
export function route<
  A extends Access,
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  S extends Answer,
>(spec: RouteSpec<A, P, Q, B, S>): Route {
  return spec as unknown as Route;
}

export interface SocketRoute {
  /** A request without `Upgrade: websocket` on the same path goes on to other routes. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** Decides about one upgrade. @throws AppError to refuse it. */
  connect(
    input: Omit<
      Input<Access, undefined, undefined, undefined>,
      "answerHeaders"
    >,
  ): SocketHandler | Promise<SocketHandler>;
}
