import {
  bootstrapBody,
  loginBody,
  ownSessionList,
  ownSessionQuery,
  session,
} from "@restic-manager/shared/api/auth.ts";
import type { Session } from "@restic-manager/shared/api/auth.ts";
import { emptyBody } from "@restic-manager/shared/api/hosts.ts";
import { permissionsOf } from "@restic-manager/shared/domain/role.ts";
import { z } from "zod";
import type { Initiator } from "../../ports/audit.ts";
import type { RequestInfo, Route } from "../../ports/route.ts";
import { route } from "../../ports/route.ts";
import { sessionLifetimeMs } from "./service.ts";
import type { Sessions } from "./sessions.ts";
import type { Auth, Client, NewSession } from "./service.ts";
import type { ActiveSession } from "./store.ts";

const sessionParams = z.strictObject({ id: z.string().max(64) });

/** How a session travels between browser and server. */
export interface SessionTransport {
  readToken(headers: Headers): string | null;
  csrfToken(token: string): string;
  setCookie(
    headers: Headers,
    request: RequestInfo,
    token: string,
    maxAgeMs: number,
  ): void;
  clearCookie(headers: Headers, request: RequestInfo): void;
}

export function authRoutes(deps: {
  readonly auth: Auth;
  readonly sessions: Sessions;
  readonly transport: SessionTransport;
}): readonly Route[] {
  const { auth, sessions, transport } = deps;

  function begin(
    started: NewSession,
    request: RequestInfo,
    headers: Headers,
  ): Session {
    transport.setCookie(headers, request, started.token, sessionLifetimeMs);
    return loggedIn(started.session, transport.csrfToken(started.token));
  }

  return [
    route({
      method: "GET",
      path: "/api/auth/session",
      access: "public",
      summary: "Who is logged in, with which permissions",
      answer: session,
      async handle({ request }) {
        const token = transport.readToken(request.headers);
        const active = token === null ? null : await auth.sessionOf(token);
        if (token !== null && active !== null) {
          return loggedIn(active, transport.csrfToken(token));
        }
        return visitor(await auth.needsBootstrap());
      },
    }),
    route({
      method: "POST",
      path: "/api/auth/login",
      access: "public",
      summary: "Log in; sets the session cookie",
      body: loginBody,
      answer: session,
      audit: "auth.login",
      async handle({ body, request, by, answerHeaders }) {
        const started = await auth.login(body, clientOf(request, by));
        return begin(started, request, answerHeaders);
      },
    }),
    route({
      method: "POST",
      path: "/api/auth/bootstrap",
      access: "public",
      summary: "Make the first administrator with the one-time bootstrap token",
      body: bootstrapBody,
      answer: session,
      status: 201,
      audit: "auth.bootstrap",
      async handle({ body, request, by, answerHeaders }) {
        const started = await auth.bootstrap(body, clientOf(request, by));
        return begin(started, request, answerHeaders);
      },
    }),
    route({
      method: "POST",
      path: "/api/auth/logout",
      access: "self",
      summary: "End this session",
      body: emptyBody,
      answer: null,
      audit: "auth.logout",
      async handle({ actor, by, request, answerHeaders }) {
        await auth.logout(actor.sessionId, by);
        transport.clearCookie(answerHeaders, request);
      },
    }),
    route({
      method: "GET",
      path: "/api/auth/sessions",
      access: "self",
      summary: "Where one is logged in, newest first",
      query: ownSessionQuery,
      answer: ownSessionList,
      handle: ({ actor, query }) => sessions.list(actor, query),
    }),
    route({
      method: "DELETE",
      path: "/api/auth/sessions/:id",
      access: "self",
      summary: "End one of one's own sessions",
      params: sessionParams,
      answer: null,
      audit: "auth.session_revoke",
      handle: ({ actor, params, by }) => sessions.revoke(actor, params.id, by),
    }),
  ];
}

function clientOf({ ip, headers }: RequestInfo, by: Initiator): Client {
  return { by, ip, userAgent: headers.get("user-agent") ?? "" };
}

function loggedIn(active: ActiveSession, csrfToken: string): Session {
  const { userId: id, username, role, expiresAt } = active;
  return {
    user: { id, username, role, permissions: [...permissionsOf(role)] },
    csrf_token: csrfToken,
    expires_at: expiresAt,
    bootstrap_required: false,
  };
}

function visitor(needsBootstrap: boolean): Session {
  return {
    user: null,
    csrf_token: null,
    expires_at: null,
    bootstrap_required: needsBootstrap,
  };
}
