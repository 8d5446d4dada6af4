import { apiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { z } from "zod";
import { route } from "../ports/route.ts";
import type { Route, SocketRoute } from "../ports/route.ts";
import { build } from "../version.ts";
import { csrfHeader } from "./csrf.ts";
import { sessionCookie } from "./session.ts";

/** The API described by the same schemas that decode and encode it. */
export function openApiRoute(
  routes: readonly Route[],
  sockets: readonly SocketRoute[],
): Route {
  return route({
    method: "GET",
    path: "/api/openapi.json",
    access: "self",
    summary: "This API as an OpenAPI 3.1 document",
    answer: z.record(z.string(), z.unknown()),
    handle: () => describe(routes, sockets),
  });
}

function describe(
  routes: readonly Route[],
  sockets: readonly SocketRoute[],
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const socket of sockets) paths[socket.path] = { get: upgrade(socket) };
  for (const item of routes) {
    const path = item.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [item.method.toLowerCase()]: operation(item),
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "restic-manager", version: build.version },
    paths,
    components: {
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: sessionCookie },
        csrf: {
          type: "apiKey",
          in: "header",
          name: csrfHeader,
          description: "csrf_token of GET /api/auth/session",
        },
      },
      responses: { error: json("Any error", apiErrorBody) },
    },
  };
}

function operation(item: Route): Record<string, unknown> {
  const status = item.answer === null ? 204 : (item.status ?? 200);
  return {
    summary: item.summary,
    ...access(item, item.method !== "GET"),
    ...(item.audit !== undefined && { "x-audit": item.audit }),
    parameters: [
      ...parameters("path", item.params),
      ...parameters("query", item.query),
    ],
    ...(item.body && {
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: toSchema(item.body, "input") },
        },
      },
    }),
    responses: {
      [status]: success(item),
      default: { $ref: "#/components/responses/error" },
    },
  };
}

function upgrade(socket: SocketRoute): Record<string, unknown> {
  return {
    summary: socket.summary,
    ...access(socket, false),
    responses: {
      "101": { description: "The connection is a WebSocket from here on" },
      default: { $ref: "#/components/responses/error" },
    },
  };
}

function access({ access }: Pick<Route, "access">, isChange: boolean) {
  const needs = { session: [], ...(isChange && { csrf: [] }) };
  return { "x-access": access, security: access === "public" ? [] : [needs] };
}

function success({ answer, summary }: Route): Record<string, unknown> {
  if (answer === null) return { description: summary };
  if (typeof answer === "string") {
    return { description: summary, content: { [answer]: {} } };
  }
  return json(summary, answer);
}

function json(description: string, schema: z.ZodType) {
  const content = {
    "application/json": { schema: toSchema(schema, "output") },
  };
  return { description, content };
}

function parameters(place: "path" | "query", schema: z.ZodType | undefined) {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = toSchema(schema, "input");
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

function toSchema(schema: z.ZodType, io: "input" | "output") {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
  });
  return rest;
}
