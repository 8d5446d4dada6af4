import { auditRoutes } from "../features/audit/routes.ts";
import { createAuditLog } from "../features/audit/log.ts";
import { authRoutes } from "../features/auth/routes.ts";
import type { SessionTransport } from "../features/auth/routes.ts";
import type { Auth } from "../features/auth/service.ts";
import type { Sessions } from "../features/auth/sessions.ts";
import { agentFileRoutes } from "../http/agent-files.ts";
import type { AgentFilesDeps } from "../http/agent-files.ts";
import { healthRoutes } from "../http/health.ts";
import type { HealthDeps } from "../http/health.ts";
import type { Live } from "../http/live.ts";
import type { NatsFront } from "../http/nats-front.ts";
import type { Db } from "../ports/db.ts";
import type { Route, SocketRoute } from "../ports/route.ts";
import type { Features } from "./features.ts";

/** Everything that the server answers to, except the dashboard's files: what tests sweep is what runs. */
export function createSurface(deps: {
  readonly db: Db;
  readonly auth: Auth;
  readonly sessions: Sessions;
  readonly transport: SessionTransport;
  readonly features: Pick<Features, "routes" | "sockets">;
  readonly live: Live;
  readonly front: NatsFront;
  readonly health: HealthDeps;
  readonly agentFiles: AgentFilesDeps;
}): { routes: readonly Route[]; sockets: readonly SocketRoute[] } {
  return {
    routes: [
      ...authRoutes(deps),
      ...auditRoutes(createAuditLog(deps.db)),
      ...deps.features.routes,
      ...deps.live.routes,
      ...healthRoutes(deps.health),
      ...agentFileRoutes(deps.agentFiles),
    ],
    sockets: [
      ...deps.live.sockets,
      ...deps.front.routes,
      ...deps.features.sockets,
    ],
  };
}
