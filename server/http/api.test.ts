import { expect, test } from "bun:test";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { hasPermission, roles } from "@restic-manager/shared/domain/role.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import { z } from "zod";
import { AppError } from "../app-error.ts";
import { route } from "../ports/route.ts";
import type { Route, SocketRoute } from "../ports/route.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";

const view = route({
  method: "GET",
  path: "/api/things/:id",
  access: "view",
  summary: "A thing",
  params: z.strictObject({ id: z.string().max(8) }),
  query: z.strictObject({ limit: z.coerce.number().int().default(5) }),
  answer: z.object({ id: z.string(), limit: z.number() }),
  handle: ({ params, query }) => ({ ...params, ...query, secret: "hunter22" }),
});

const change = route({
  method: "POST",
  path: "/api/things",
  access: "jobs.run",
  summary: "Make a thing",
  body: z.strictObject({ name: z.string().min(2) }),
  maxBody: 100,
  answer: z.object({ name: z.string(), by: z.string().nullable() }),
  status: 201,
  audit: "thing.create",
  handle: ({ body, by }) => ({ name: body.name, by: by.name }),
});

const broken = route({
  method: "GET",
  path: "/api/broken",
  access: "public",
  summary: "Fails",
  answer: null,
  handle() {
    throw new Error("disk on fire");
  },
});

const socket: SocketRoute = {
  path: "/api/socket",
  access: "view",
  summary: "Events",
  connect: () => ({ message: () => {} }),
};

function start(...routes: readonly Route[]) {
  const world = createTestWorld();
  return { ...createTestApi(world, { routes }), world };
}

async function failure(response: Response | Promise<Response>) {
  const settled = await response;
  const body = (await settled.json()) as ApiErrorBody;
  expect(body.request_id).toBe(settled.headers.get("X-Request-Id") ?? "");
  expect(body.message.length).toBeGreaterThan(0);
  return { status: settled.status, code: body.code, fields: body.fields };
}

test("a request is decoded, and only what the answer declares leaves", async () => {
  const { request, as } = start(view);
  const headers = await as("viewer");
  const response = await request("/api/things/a?limit=7", { headers });
  expect(await response.json()).toEqual({ id: "a", limit: 7 });
  expect(response.headers.get("Cache-Control")).toBe("no-store");
});

test("what is wrong with a request is named field by field [API-03]", async () => {
  const { send, request, as } = start(view, change);
  const headers = await as("admin");
  const body = await failure(send("POST", "/api/things", { nam: 1 }, headers));
  expect(body).toMatchObject({
    status: 400,
    code: "invalid_request",
    fields: { name: { code: "required" }, nam: { code: "unknown" } },
  });
  const short = await failure(
    send("POST", "/api/things", { name: "a" }, headers),
  );
  expect(short.fields).toMatchObject({ name: { code: "too_short" } });
  const query = await failure(request("/api/things/a?limit=many", { headers }));
  expect(query.fields).toMatchObject({ limit: { code: "invalid" } });
});

test("bodies that are no JSON, too large or of another type are refused with a code [API-03]", async () => {
  const { request, send, as } = start(change);
  const headers = await as("admin");
  const json = { ...headers, "Content-Type": "application/json" };
  const post = (init: RequestInit) =>
    failure(request("/api/things", { method: "POST", ...init }));

  expect(await post({ headers: json, body: "{" })).toMatchObject({
    status: 400,
    code: "invalid_json",
  });
  expect(await post({ headers, body: "{}" })).toMatchObject({
    status: 415,
    code: "unsupported_media_type",
  });
  const large = { name: "a".repeat(200) };
  expect(
    await failure(send("POST", "/api/things", large, headers)),
  ).toMatchObject({ status: 413, code: "payload_too_large" });
  const stream = new Blob(["x".repeat(200)]).stream();
  expect(await post({ headers: json, body: stream })).toMatchObject({
    status: 413,
  });
});

test("unknown addresses and methods are refused with a code [API-03]", async () => {
  const { request, as } = start(view);
  const headers = await as("viewer");
  expect(await failure(request("/api/nothing", { headers }))).toMatchObject({
    status: 404,
    code: "not_found",
  });
  expect((await request("/api/nothing")).status).toBe(401);
  const response = await request("/api/things/a", { method: "DELETE" });
  expect(response.headers.get("Allow")).toBe("GET");
  expect(await failure(response)).toMatchObject({
    status: 405,
    code: "method_not_allowed",
  });
});

test("HEAD does nothing of what GET does in the API, and is answered elsewhere [API-03]", async () => {
  let calls = 0;
  const at = (path: string) =>
    route({
      method: "GET",
      path,
      access: "public",
      summary: "Counts",
      answer: null,
      handle: () => void (calls += 1),
    });
  const { request } = start(at("/api/counted"), at("/counted"));
  const refused = await request("/api/counted", { method: "HEAD" });
  expect([refused.status, refused.headers.get("Allow")]).toEqual([405, "GET"]);
  expect(calls).toBe(0);
  const head = await request("/counted", { method: "HEAD" });
  expect([head.status, calls]).toEqual([204, 1]);
});

test("our own fault is a 500 that says nothing but a request id, and is logged once with it [API-03]", async () => {
  const { request, world } = start(broken);
  const response = await request("/api/broken");
  const text = await response.clone().text();
  expect(text).not.toContain("disk on fire");
  expect(await failure(response)).toMatchObject({
    status: 500,
    code: "internal",
  });
  const id = response.headers.get("X-Request-Id") ?? "";
  const errors = world.logLines.filter((line) => line.includes("disk on fire"));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(id);
});

test("every error code answers with its own status [API-03]", async () => {
  for (const code of Object.keys(apiErrors) as (keyof typeof apiErrors)[]) {
    const failing = route({
      method: "GET",
      path: "/api/failing",
      access: "public",
      summary: "Fails",
      answer: null,
      handle() {
        throw new AppError(code);
      },
    });
    expect(await failure(start(failing).request("/api/failing"))).toMatchObject(
      {
        status: apiErrors[code][0],
        code,
      },
    );
  }
});

test("each request is one log line with id, route pattern, user, status and time, without query and body [LOG-04]", async () => {
  const { request, as, world } = start(view);
  const headers = await as("viewer");
  await request("/api/things/a?limit=7", { headers });
  const lines = world.logLines.map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  expect(lines).toEqual([
    expect.objectContaining({
      msg: "Request",
      method: "GET",
      route: "/api/things/:id",
      status: 200,
      ms: 0,
      ip: "203.0.113.5",
      request_id: expect.any(String),
      user: expect.stringContaining("viewer"),
    }),
  ]);
  expect(world.logLines.join("")).not.toContain("limit=7");
});

test("every answer carries the security headers", async () => {
  const { request } = start(view, broken);
  for (const path of ["/api/things/a", "/api/broken", "/nothing"]) {
    const { headers } = await request(path);
    expect(headers.get("Content-Security-Policy")).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  }
});

test("a change from a foreign page is refused, one from our own or from no page is not [SEC-03]", async () => {
  const world = createTestWorld();
  const { send, as } = createTestApi(world, {
    routes: [change],
    config: { allowedOrigins: ["https://portal.example.org"] },
  });
  const session = await as("admin");
  const post = async (headers: Record<string, string>) => {
    const all = { ...session, ...headers };
    return (await send("POST", "/api/things", { name: "ab" }, all)).status;
  };

  expect(await post({})).toBe(201);
  expect(await post({ Origin: "http://rm.test" })).toBe(201);
  expect(await post({ Origin: "https://portal.example.org" })).toBe(201);
  expect(await post({ "Sec-Fetch-Site": "same-origin" })).toBe(201);
  // A proxy that is not configured as trusted hides the scheme.
  expect(await post({ Origin: "https://rm.test" })).toBe(201);
  expect(await post({ Origin: "https://evil.example" })).toBe(403);
  expect(await post({ Origin: "null" })).toBe(403);
  const behindProxy = "https://backup.example.org";
  expect(
    await post({ "Sec-Fetch-Site": "same-origin", Origin: behindProxy }),
  ).toBe(201);
  expect(await post({ "Sec-Fetch-Site": "cross-site" })).toBe(403);
  expect(await post({ "Sec-Fetch-Site": "same-site" })).toBe(403);
});

test("foreign pages open no stream and no socket [SEC-03]", async () => {
  const stream = route({
    method: "GET",
    path: "/api/stream",
    access: "view",
    summary: "Events",
    answer: "text/event-stream",
    handle: () => new Response(""),
  });
  const world = createTestWorld();
  const api = createTestApi(world, { routes: [stream], sockets: [socket] });
  const headers = {
    ...(await api.as("admin")),
    Origin: "https://evil.example",
    Upgrade: "websocket",
  };
  for (const path of ["/api/stream", "/api/socket"]) {
    expect(await failure(api.request(path, { headers }))).toMatchObject({
      status: 403,
      code: "origin_refused",
    });
  }
  const anonymous = { Upgrade: "websocket" };
  expect(
    await failure(api.request("/api/socket", { headers: anonymous })),
  ).toMatchObject({ status: 401 });
});

test("a change without the session's CSRF token is refused [SEC-04]", async () => {
  const { send, as } = start(change);
  const { Cookie, "X-CSRF-Token": own } = await as("admin");
  const { "X-CSRF-Token": foreign } = await as("admin");
  const post = (headers: Record<string, string>) =>
    send("POST", "/api/things", { name: "ab" }, { Cookie, ...headers });

  expect(await failure(post({}))).toMatchObject({
    status: 403,
    code: "csrf_refused",
  });
  expect((await post({ "X-CSRF-Token": foreign })).status).toBe(403);
  expect((await post({ "X-CSRF-Token": own })).status).toBe(201);
});

test("each role may do exactly what its permissions say, and a stranger nothing [TST-04] [AUT-05]", async () => {
  for (const access of ["view", "jobs.run", "hosts.approve"] as Permission[]) {
    const guarded = route({
      method: "GET",
      path: "/api/guarded",
      access,
      summary: "Guarded",
      answer: null,
      handle: () => {},
    });
    const { request, as } = start(guarded);
    expect((await request("/api/guarded")).status).toBe(401);
    for (const role of roles) {
      const { status } = await request("/api/guarded", {
        headers: await as(role),
      });
      expect(status).toBe(hasPermission(role, access) ? 204 : 403);
    }
  }
});

test("a route that leaves a declaration out refuses to start [RBC-02]", () => {
  const refused = (part: object, message: string) =>
    expect(() => start({ ...change, ...part })).toThrow(message);
  refused({ access: undefined }, "who may use it");
  refused({ access: "hosts.aprove" }, "who may use it");
  refused({ audit: undefined }, "which audit row");
  refused({ answer: undefined }, "its answer");
  refused({ summary: "" }, "no summary");
  refused({ path: "/api/things/:id" }, "parameters in its path");
  expect(() => start(change, change)).toThrow("declared twice");
});

test.each([
  ["starting", "2"],
  ["rate_limited", "60"],
  ["not_found", null],
] as const)("%s says when to ask again: %p", async (code, seconds) => {
  const { request } = start({
    ...broken,
    handle() {
      throw new AppError(code);
    },
  });
  const response = await request("/api/broken");
  expect(response.headers.get("Retry-After")).toBe(seconds);
});

test("the API describes itself: every route, its access and its schemas", async () => {
  const { request, as } = createTestApi(createTestWorld(), {
    routes: [view, change],
    sockets: [socket],
  });
  expect((await request("/api/openapi.json")).status).toBe(401);
  const response = await request("/api/openapi.json", {
    headers: await as("viewer"),
  });
  expect(await response.json()).toMatchObject({
    openapi: "3.1.0",
    paths: {
      "/api/things/{id}": {
        get: {
          "x-access": "view",
          parameters: [
            { name: "id", in: "path", required: true },
            { name: "limit", in: "query", required: false },
          ],
        },
      },
      "/api/things": {
        post: {
          requestBody: {
            content: {
              "application/json": { schema: { required: ["name"] } },
            },
          },
          responses: { "201": {} },
          security: [{ session: [], csrf: [] }],
          "x-audit": "thing.create",
        },
      },
      "/api/socket": { get: { responses: { "101": {} } } },
      "/api/auth/login": { post: { "x-access": "public" } },
    },
  });
});
