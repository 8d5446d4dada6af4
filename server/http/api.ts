import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import type { z } from "zod";
import { AppError } from "../app-error.ts";
import type { Initiator } from "../ports/audit.ts";
import type { Access, Actor, Route, SocketRoute } from "../ports/route.ts";
import type { Random } from "../random.ts";
import { checkAccess } from "./access.ts";
import { checkRoutes } from "./check-routes.ts";
import type { ResolveClient } from "./client-ip.ts";
import { checkCsrf } from "./csrf.ts";
import { errorResponse } from "./errors.ts";
import type { HttpEnv } from "./http-env.ts";
import { openApiRoute } from "./openapi.ts";
import { checkOrigin } from "./origin.ts";
import { readInput } from "./read-input.ts";
import { requestLog } from "./request-log.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { readSessionToken } from "./session.ts";

export interface ApiDeps {
  readonly routes: readonly Route[];
  readonly sockets: readonly SocketRoute[];
  /** Answers what no route does: the dashboard. */
  readonly files: MiddlewareHandler<HttpEnv>;
  /** The user of a session token, read afresh: a demoted or disabled user is so at the next request. */
  readonly actorOf: (token: string) => Promise<Actor | null>;
  readonly resolveClient: ResolveClient;
  /** Besides the server's own. */
  readonly allowedOrigins: readonly string[];
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
}

type Ctx = Context<HttpEnv>;

/**
 * The whole of HTTP. The order for every request: request id and client → log → security headers → route; and for a
 * route: origin → session → CSRF token → access → decode → handle → encode.
 *
 * @throws Error when a route leaves a declaration out
 */
export function createApi(deps: ApiDeps): Hono<HttpEnv> {
  const routes: Route[] = [...deps.routes];
  routes.push(openApiRoute(routes, deps.sockets));
  checkRoutes(routes, deps.sockets);

  const app = new Hono<HttpEnv>();
  app.use(identify(deps), requestLog(deps.clock, deps.log), secure);
  for (const socket of deps.sockets) {
    app.get(socket.path, (c, next) => {
      const asked = c.req.header("upgrade")?.toLowerCase();
      return asked === "websocket" && !asksForHead(c)
        ? upgrade(deps, socket, c)
        : next();
    });
  }
  for (const route of routes) {
    app.on(route.method, route.path, (c, next) =>
      asksForHead(c) ? next() : answer(deps, route, c),
    );
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((r) => r.path === path).map((r) => r.method);
    app.all(path, (c) => {
      c.set("route", path);
      const response = fail(deps, new AppError("method_not_allowed"), c);
      response.headers.set("Allow", methods.join(", "));
      return response;
    });
  }
  // A stranger learns nothing about which addresses exist.
  app.all("/api/*", async (c) => {
    await admit(deps, c, "self", { ownOrigin: false, csrfToken: false });
    throw new AppError("not_found");
  });
  app.use(deps.files);
  app.notFound((c) => fail(deps, new AppError("not_found"), c));
  app.onError((error, c) => fail(deps, error, c));
  return app;
}

/**
 * Hono has HEAD do all that GET does and drops the body, unread and not cancelled: a download would run, and take a place,
 * for nobody. Files and health, which are asked this way, lie outside the API.
 */
function asksForHead({ req }: Ctx): boolean {
  return req.method === "HEAD" && req.path.startsWith("/api/");
}

function identify(deps: ApiDeps): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const { url, headers, signal } = c.req.raw;
    const client = deps.resolveClient(c.env.peer, url, headers);
    c.set("request", { id: deps.random.id(), ...client, headers, signal });
    await next();
    c.header("X-Request-Id", c.get("request").id);
  };
}

const secure: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  addSecurityHeaders(c.res.headers, c.get("request").origin);
};

async function answer(deps: ApiDeps, route: Route, c: Ctx): Promise<Response> {
  c.set("route", route.path);
  const isChange = route.method !== "GET";
  const isStream = route.answer === "text/event-stream";
  // What leaves an audit row is asked for by people, not by the pages they visit.
  const isAudited = route.audit !== undefined;
  const actor = await admit(deps, c, route.access, {
    ownOrigin: isChange || isStream || isAudited,
    csrfToken: isChange,
  });
  const decoded = await readInput(route, {
    params: c.req.param() as Record<string, string>,
    query: queryOf(c),
    request: c.req.raw,
  });
  const request = c.get("request");
  const answerHeaders = new Headers();
  const by = initiatorOf(c);
  const result = await route.handle({
    ...decoded,
    actor,
    by,
    request,
    answerHeaders,
  });

  const response = encode(route, result);
  for (const [name, value] of answerHeaders) {
    response.headers.append(name, value);
  }
  return response;
}

/** A parameter that is named once is a text, one that is named again a list of them. */
function queryOf(c: Ctx): Record<string, string | string[]> {
  const all = Object.entries(c.req.queries());
  return Object.fromEntries(
    all.map(([name, [first = "", ...more]]) => [
      name,
      more.length === 0 ? first : [first, ...more],
    ]),
  );
}

async function upgrade(
  deps: ApiDeps,
  socket: SocketRoute,
  c: Ctx,
): Promise<Response> {
  c.set("route", socket.path);
  const actor = await admit(deps, c, socket.access, {
    ownOrigin: true,
    csrfToken: false,
  });
  const request = c.get("request");
  const handler = await socket.connect({
    params: undefined,
    query: undefined,
    body: undefined,
    actor,
    by: initiatorOf(c),
    request,
  });
  if (!c.env.upgrade(c.req.raw, handler)) throw new AppError("invalid_request");
  c.set("upgraded", true);
  return new Response(null);
}

/** The checks that come before anything of the request is read. Returns who asks. */
async function admit(
  deps: ApiDeps,
  c: Ctx,
  access: Access,
  needs: { ownOrigin: boolean; csrfToken: boolean },
): Promise<Actor | null> {
  const { headers, origin } = c.get("request");
  if (needs.ownOrigin) checkOrigin(headers, origin, deps.allowedOrigins);
  const token = readSessionToken(headers);
  const actor = token === null ? null : await deps.actorOf(token);
  c.set("actor", actor);
  // A public route acts on nobody's behalf, so there is nothing to protect.
  if (
    needs.csrfToken &&
    access !== "public" &&
    token !== null &&
    actor !== null
  ) {
    checkCsrf(headers, token);
  }
  checkAccess(access, actor);
  return actor;
}

function initiatorOf(c: Ctx): Initiator {
  const { id, ip } = c.get("request");
  const actor = c.get("actor");
  return {
    kind: "user",
    id: actor?.userId ?? null,
    name: actor?.username ?? null,
    ip,
    requestId: id,
  };
}

/** Puts a handler's result into the shape that the route declares; what is not declared does not leave. */
function encode(route: Route, result: unknown): Response {
  if (route.answer === null) return new Response(null, { status: 204 });
  if (result instanceof Response) return result;
  const body = (route.answer as z.ZodType).parse(result);
  return Response.json(body, {
    status: route.status ?? 200,
    headers: { "Cache-Control": "no-store" },
  });
}

function fail({ log }: ApiDeps, error: unknown, c: Ctx): Response {
  const { id } = c.get("request");
  const logged = log.with({ request_id: id });
  const { response, code } = errorResponse(error, id, logged);
  c.set("code", code);
  return response;
}
