import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./http-env.ts";

/** One line a request: who, what, how it ended, how long it took. Never a body, a query or a header. */
export function requestLog(clock: Clock, log: Log): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const start = clock.now();
    await next();
    const { id, ip } = c.get("request");
    const route = c.get("route");
    const actor = c.get("actor");
    const code = c.get("code");
    const fields = {
      request_id: id,
      method: c.req.method,
      route: route ?? "file",
      status: c.get("upgraded") ? 101 : c.res.status,
      ms: clock.now() - start,
      ip,
      ...(actor && { user: actor.username, user_id: actor.userId }),
      ...(code !== undefined && { code }),
    };
    log[isQuiet(route, c.res.status) ? "debug" : "info"]("Request", fields);
  };
}

/** Files that are there, and probes, say nothing that a person looks for. */
function isQuiet(route: string | undefined, status: number): boolean {
  if (route === undefined) return status < 400;
  return route === "/healthz" || route === "/readyz";
}
