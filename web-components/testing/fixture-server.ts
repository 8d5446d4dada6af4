import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import type {
  LiveEvent,
  LiveFrame,
  LiveRequest,
  LiveTopic,
} from "@restic-manager/shared/api/live.ts";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { answer, type Refusal } from "./fixture-api.ts";
import type { World } from "./world.ts";

/** The policy under which the dashboard has to work; the server sends the same. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html";

const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

export interface FixtureServer {
  readonly url: string;
  readonly world: World;
  /** Requests that change something, newest last. */
  readonly sent: {
    method: string;
    path: string;
    body: unknown;
    csrf: string | null;
  }[];
  /** Answers `method path` with this error until it is set to null. */
  refuse(route: string, refusal: Refusal | null): void;
  /** Does what `method path` asks, and answers only after the release. */
  hold(route: string): Hold;
  /** Never answers paths that begin so. */
  hang(prefix: string): void;
  push(topic: LiveTopic, event: LiveEvent): void;
  /** Resolves when a browser listens to the topic. */
  heard(topic: LiveTopic): Promise<void>;
  /** Resolves when no browser listens to the topic. */
  silent(topic: LiveTopic): Promise<void>;
  /** Drops every live connection; while `refusing`, new ones are turned away. */
  dropLive(options: { refusing: boolean }): void;
  acceptLive(): void;
  stop(): Promise<void>;
}

export interface Hold {
  /** Resolves once the request has been done and its answer waits. */
  readonly reached: Promise<void>;
  release(): void;
}

interface Connection {
  topics: Set<string>;
}

/** The dashboard's build, and an API of seeded data behind it. `uiDir` is the output of `build.ts`. */
export function startFixtureServer(uiDir: string, world: World): FixtureServer {
  const refusals = new Map<string, Refusal>();
  const hanging = new Set<string>();
  const holds = new Map<
    string,
    { reach: () => void; released: Promise<void> }
  >();
  const sockets = new Set<Bun.ServerWebSocket<Connection>>();
  const sent: FixtureServer["sent"] = [];
  /** What is looked at again whenever a browser listens, or no longer does. */
  const waiters = new Set<() => void>();
  let position = 0;
  let liveRefused = false;

  function look(): void {
    for (const waiter of waiters) waiter();
  }

  function isHeard(topic: string): boolean {
    return [...sockets].some((socket) => socket.data.topics.has(topic));
  }

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const waiter = (): void => {
        if (!condition()) return;
        waiters.delete(waiter);
        resolve();
      };
      waiters.add(waiter);
      waiter();
    });
  }

  const server = Bun.serve<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, self) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/api/live") {
        if (liveRefused || world.session.user === null)
          return errorAnswer({ status: 503, code: "starting" });
        return self.upgrade(request, { data: { topics: new Set() } })
          ? undefined
          : errorAnswer({ status: 400, code: "invalid_request" });
      }
      if (!pathname.startsWith("/api/")) return page(uiDir, pathname);
      if ([...hanging].some((prefix) => pathname.startsWith(prefix)))
        return new Promise<Response>(() => {});
      const route = `${request.method} ${pathname}`;
      const body: unknown =
        request.method === "GET" ? null : await request.json();
      if (request.method !== "GET") {
        sent.push({
          method: request.method,
          path: pathname,
          body,
          csrf: request.headers.get("x-csrf-token"),
        });
      }
      const refused = refusals.get(route);
      const found =
        refused === undefined
          ? answer(world, route, searchParams, body)
          : { refused };
      const hold = holds.get(route);
      hold?.reach();
      await hold?.released;
      if ("refused" in found) return errorAnswer(found.refused);
      return found.body === undefined
        ? new Response(null, { status: 204 })
        : Response.json(found.body);
    },
    websocket: {
      open(socket) {
        sockets.add(socket);
        send(socket, { f: "hello", boot: "boot-1" });
      },
      message(socket, text) {
        const message = JSON.parse(String(text)) as LiveRequest;
        if (message.op === "ping") send(socket, { f: "pong" });
        if (message.op === "unsub") {
          socket.data.topics.delete(message.topic);
          look();
        }
        if (message.op === "sub") {
          socket.data.topics.add(message.topic);
          look();
          send(socket, {
            f: "sub",
            topic: message.topic,
            s: position,
            reset: message.since === undefined || message.since.s < position,
          });
        }
      },
      close(socket) {
        sockets.delete(socket);
        look();
      },
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    world,
    sent,
    refuse(route, refusal) {
      if (refusal === null) refusals.delete(route);
      else refusals.set(route, refusal);
    },
    hold(route) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      holds.set(route, { reach: reached.resolve, released: released.promise });
      return { reached: reached.promise, release: released.resolve };
    },
    hang(prefix) {
      hanging.add(prefix);
    },
    push(topic, event) {
      position += 1;
      for (const socket of sockets) {
        if (socket.data.topics.has(topic))
          send(socket, { f: "event", topic, s: position, e: event });
      }
    },
    heard: (topic) => until(() => isHeard(topic)),
    silent: (topic) => until(() => !isHeard(topic)),
    dropLive({ refusing }) {
      liveRefused = refusing;
      for (const socket of sockets) socket.close(1012);
    },
    acceptLive() {
      liveRefused = false;
    },
    async stop() {
      await server.stop(true);
    },
  };
}

function send(socket: Bun.ServerWebSocket<Connection>, frame: LiveFrame): void {
  socket.send(JSON.stringify(frame));
}

function page(uiDir: string, pathname: string): Response {
  const asset = join(uiDir, normalize(pathname));
  const file =
    pathname.startsWith("/assets/") && existsSync(asset)
      ? asset
      : join(uiDir, "index.html");
  return new Response(Bun.file(file), {
    headers: {
      "content-type":
        types[file.split(".").pop() ?? ""] ?? "application/octet-stream",
      "content-security-policy": contentSecurityPolicy,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

function errorAnswer({
  status,
  code,
  message,
  fields,
  cause,
  used_by,
}: Refusal): Response {
  const body: ApiErrorBody = {
    code,
    message: message ?? code,
    request_id: "req-1",
    ...(fields === undefined ? {} : { fields }),
    ...(cause === undefined ? {} : { cause }),
    ...(used_by === undefined ? {} : { used_by }),
  };
  return Response.json(body, { status });
}
