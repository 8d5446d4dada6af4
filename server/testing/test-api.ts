import type { Role } from "@restic-manager/shared/domain/role.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openSqlite } from "../adapters/sqlite-db.ts";
import { createEvents } from "../events.ts";
import { createAudit } from "../features/audit/service.ts";
import { createLoginThrottle } from "../features/auth/login-throttle.ts";
import { createPasswords } from "../features/auth/password.ts";
import type { Passwords } from "../features/auth/password.ts";
import { authRoutes } from "../features/auth/routes.ts";
import { createAuth } from "../features/auth/service.ts";
import { createSessions } from "../features/auth/sessions.ts";
import { createApi } from "../http/api.ts";
import type { ApiDeps } from "../http/api.ts";
import { createResolveClient } from "../http/client-ip.ts";
import { csrfToken } from "../http/csrf.ts";
import {
  createSessionCookies,
  readSessionToken,
  sessionCookie,
} from "../http/session.ts";
import { createWatchSession } from "../http/session-watch.ts";
import { createLog } from "../log.ts";
import type { Config } from "../config.ts";
import type { Route, SocketRoute } from "../ports/route.ts";
import { createRandom } from "../random.ts";

export type TestWorld = ReturnType<typeof createTestWorld>;

/** Real store in memory, manual clock, real audit and auth: what a feature is built on. */
export function createTestWorld(passwords = createPasswords()) {
  const clock = createManualClock();
  const random = createRandom(clock);
  const logLines: string[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    clock,
    write: (line) => logLines.push(line),
  });
  const store = openSqlite(":memory:");
  const events = createEvents(log);
  const audit = createAudit({ clock, random });
  const { db, tx } = store;
  const auth = createAuth({
    db,
    tx,
    audit,
    events,
    passwords,
    throttle: createLoginThrottle(clock),
    clock,
    random,
  });
  const sessions = createSessions({ db, tx, audit, events, clock, log });
  const base = { clock, random, log, logLines, db, tx, events, audit };
  const watchSession = createWatchSession({ ...base, ...auth });
  return { ...base, auth, sessions, watchSession };
}

/** For tests that log in many times: no work at all, and no protection. */
export const plainPasswords: Passwords = {
  hash: async (password) => `plain ${password}`,
  isRight: async (password, hash) => hash === `plain ${password}`,
};

export interface TestApiOptions {
  /** Beside those of logging in. */
  readonly routes?: readonly Route[];
  readonly sockets?: readonly SocketRoute[];
  /** Everything, instead of `routes` and `sockets`. */
  readonly surface?: Pick<ApiDeps, "routes" | "sockets">;
  /** What answers when no route does; nothing when absent. */
  readonly files?: ApiDeps["files"];
  readonly config?: Partial<
    Pick<Config, "trustedProxy" | "allowedOrigins" | "cookieSecure">
  >;
}

export type TestApi = ReturnType<typeof createTestApi>;

/** The HTTP surface over a test world, without a port. */
export function createTestApi(world: TestWorld, options: TestApiOptions = {}) {
  const { config = {}, routes = [], sockets = [] } = options;
  const transport = {
    readToken: readSessionToken,
    csrfToken,
    ...createSessionCookies(config.cookieSecure ?? "auto"),
  };
  const surface = options.surface ?? {
    routes: [...authRoutes({ ...world, transport }), ...routes],
    sockets,
  };
  const app = createApi({
    ...world,
    ...surface,
    files: options.files ?? ((_c, next) => next()),
    actorOf: world.auth.sessionOf,
    resolveClient: createResolveClient(config.trustedProxy ?? []),
    allowedOrigins: config.allowedOrigins ?? [],
  });
  const listener = { peer: "203.0.113.5", upgrade: () => false };

  const request = async (path: string, init: RequestInit = {}) =>
    app.request(`http://rm.test${path}`, init, listener);

  return {
    app,
    ...surface,
    request,
    /** Sends a JSON body. */
    send: (
      method: string,
      path: string,
      body: unknown,
      headers: Record<string, string> = {},
    ) =>
      request(path, {
        method,
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    /** Headers with which a user of a role is logged in. */
    as: (role: Role) => logIn(world, role),
  };
}

async function logIn(
  { db, random, clock }: TestWorld,
  role: Role,
): Promise<{ Cookie: string; "X-CSRF-Token": string }> {
  const token = random.token();
  const userId = random.id();
  const at = new Date(clock.now()).toISOString();
  await db
    .insertInto("users")
    .values({
      id: userId,
      username: `${role}-${userId.toLowerCase()}`,
      role,
      auth_source: "local",
      email: null,
      password_hash: null,
      oidc_subject: null,
      disabled_at: null,
      must_change_password: 0,
      last_login_at: null,
      created_at: at,
    })
    .execute();
  await db
    .insertInto("sessions")
    .values({
      id: random.id(),
      token_sha256: new Bun.CryptoHasher("sha256").update(token).digest("hex"),
      user_id: userId,
      created_at: at,
      last_seen_at: at,
      expires_at: new Date(clock.now() + 86_400_000).toISOString(),
      ip: "203.0.113.5",
      user_agent: "test",
    })
    .execute();
  return {
    Cookie: `${sessionCookie}=${token}`,
    "X-CSRF-Token": csrfToken(token),
  };
}
