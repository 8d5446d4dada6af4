import { expect, test } from "bun:test";
import { apiErrorBody, apiErrors } from "@restic-manager/shared/api/errors.ts";
import * as fc from "fast-check";
import { z } from "zod";
import type { Route } from "../ports/route.ts";
import { named } from "../testing/sweep.ts";
import { plainPasswords } from "../testing/test-api.ts";
import type { TestApi } from "../testing/test-api.ts";
import { createWholeSurface } from "../testing/whole-surface.ts";

/** A failure prints seed and path; with both in `fc.assert` it happens again at once. */
const runs = { seed: 20261124, numRuns: 60, timeout: 2_000 };
const api = createWholeSurface(plainPasswords);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
    "__proto__",
    "constructor",
    "../../etc/passwd",
    "' OR 1=1 --",
    "\u0000",
    "\ud800",
    "a\r\nSet-Cookie: x=y",
    "9".repeat(400),
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "2026-13-45T99:99:99Z",
  ),
);

/** Nearly right bodies reach deeper than noise: a value of the declared shape with one part replaced. */
function nearly(schema: z.ZodType | undefined): fc.Arbitrary<unknown> {
  const shape = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const fields = Object.fromEntries(shape.map((key) => [key, fc.jsonValue()]));
  const others = fc.dictionary(text, fc.jsonValue(), { maxKeys: 2 });
  return fc
    .tuple(fc.record(fields, { requiredKeys: [] }), others)
    .map(([known, other]) => ({ ...known, ...other }));
}

const bodyOf = (route: Route) =>
  fc.oneof(
    nearly(route.body).map((body) => JSON.stringify(body)),
    fc.json(),
    text,
    fc.constantFrom(
      "[".repeat(10_000),
      '{"a":'.repeat(5_000),
      "x".repeat(70_000),
    ),
  );

const headerName = fc.constantFrom(
  "Accept-Encoding",
  "Content-Length",
  "Content-Type",
  "Cookie",
  "If-None-Match",
  "Last-Event-ID",
  "Origin",
  "Sec-Fetch-Site",
  "Upgrade",
  "User-Agent",
  "X-CSRF-Token",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
);
/** What a header can carry at all. */
const headerValue = fc
  .string({ maxLength: 40 })
  .map((value) => value.replaceAll(/[^\x20-\x7e]/g, ""));
const headers = fc.dictionary(headerName, headerValue, { maxKeys: 2 });

function queryOf(route: Route) {
  const known =
    route.query instanceof z.ZodObject ? Object.keys(route.query.shape) : [];
  const key = known.length === 0 ? text : fc.constantFrom(...known);
  return fc.array(fc.tuple(key, text), { maxLength: 3 });
}

/** Anything that somebody logged in as administrator may send to a route. */
const requestOf = (route: Route) =>
  fc.record({
    params: fc.array(text, { minLength: 3, maxLength: 3 }),
    query: queryOf(route),
    headers,
    body: bodyOf(route),
    type: fc.oneof(
      { weight: 9, arbitrary: fc.constant("application/json") },
      { weight: 1, arbitrary: fc.constantFrom("text/plain", "") },
    ),
  });

type Sent =
  ReturnType<typeof requestOf> extends fc.Arbitrary<infer T> ? T : never;

async function send(
  { request }: Pick<TestApi, "request">,
  route: Route,
  sent: Sent,
  session: Record<string, string>,
): Promise<Response> {
  let next = 0;
  const path = route.path.replaceAll(/:\w+/g, () =>
    encodeURIComponent(sent.params[next++]?.toWellFormed() || "x"),
  );
  const query = new URLSearchParams(sent.query).toString();
  return request(`${path}?${query}`, {
    method: route.method,
    headers: {
      ...session,
      ...(sent.type !== "" && { "Content-Type": sent.type }),
      ...sent.headers,
    },
    ...(route.method !== "GET" && { body: sent.body }),
  });
}

for (const route of api.routes) {
  test(`${named(route)} answers nonsense with a code, never with a fault of ours and never not at all [API-03]`, async () => {
    await fc.assert(
      fc.asyncProperty(requestOf(route), async (sent) => {
        // Each with its own: one of the routes logs out.
        const session = await api.as("admin");
        const response = await send(api, route, sent, session);
        if (response.status < 400) {
          await response.body?.cancel();
          return;
        }
        const { code } = apiErrorBody.parse(await response.json());
        expect(Object.keys(apiErrors)).toContain(code);
        expect(response.status).toBeLessThan(500);
      }),
      runs,
    );
  });
}

test("an address that is no route is answered with a code, whatever it looks like [API-03]", async () => {
  const session = await api.as("admin");
  const path = fc
    .array(text, { maxLength: 4 })
    .map((parts) =>
      parts.map((part) => encodeURIComponent(part.toWellFormed())).join("/"),
    );
  const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE");
  await fc.assert(
    fc.asyncProperty(path, method, headers, async (under, verb, extra) => {
      const response = await api.request(`/api/x/${under}`, {
        method: verb,
        headers: { ...session, ...extra },
      });
      expect([401, 403, 404]).toContain(response.status);
      apiErrorBody.parse(await response.json());
    }),
    { ...runs, numRuns: 300 },
  );
});
