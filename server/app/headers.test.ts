import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cidr } from "../config-values.ts";
import { addressOf, named } from "../testing/sweep.ts";
import { createTestApi, createTestWorld } from "../testing/test-api.ts";
import { createWholeSurface } from "../testing/whole-surface.ts";

/** What a scanner of security headers complains about in an answer; empty when nothing. */
function complaints(headers: Headers): string[] {
  const wanted: Record<string, string> = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  const missing = Object.entries(wanted).flatMap(([name, value]) =>
    headers.get(name) === value ? [] : [`${name} is ${headers.get(name)}`],
  );
  const tells = ["Server", "X-Powered-By", "Access-Control-Allow-Origin"];
  const telling = tells.filter((name) => headers.has(name));
  const policy = headers.get("Content-Security-Policy") ?? "";
  return [...missing, ...telling, ...policyComplaints(policy)];
}

function policyComplaints(policy: string): string[] {
  const directives = new Map(
    policy.split("; ").map((part) => {
      const [name = "", ...sources] = part.split(" ");
      return [name, sources];
    }),
  );
  const closed = ["default-src", "base-uri", "frame-ancestors"].filter(
    (name) => directives.get(name)?.join() !== "'none'",
  );
  const own = ["script-src", "style-src", "connect-src", "form-action"].filter(
    (name) => directives.get(name)?.join() !== "'self'",
  );
  const loose = ["unsafe", "*", "http:", "https:", "blob:"].filter((word) =>
    policy.includes(word),
  );
  const typed =
    directives.get("require-trusted-types-for")?.join() === "'script'";
  return [...closed, ...own, ...loose, ...(typed ? [] : ["trusted types"])];
}

test("every route's answer and refusal passes the scan of headers, and no answer of the API is cached [SEC-02]", async () => {
  const api = createWholeSurface();
  const admin = await api.as("admin");
  for (const route of api.routes) {
    for (const headers of [{}, admin]) {
      const response = await api.request(addressOf(route), {
        method: route.method,
        headers,
      });
      await response.body?.cancel();
      const of = `${named(route)} ${response.status}`;
      expect([of, complaints(response.headers)]).toEqual([of, []]);
      const isJson = response.headers
        .get("Content-Type")
        ?.startsWith("application/json");
      if (isJson === true) {
        const cache = response.headers.get("Cache-Control");
        expect([of, cache]).toEqual([of, "no-store"]);
      }
    }
  }
});

test("so does everything that is no route: pages, files, what is not there, refused sockets [SEC-02]", async () => {
  const api = createWholeSurface();
  const statusOf = async (path: string, init: RequestInit = {}) => {
    const response = await api.request(path, init);
    expect([path, complaints(response.headers)]).toEqual([path, []]);
    return response.status;
  };
  const etag = (await api.request("/")).headers.get("ETag") ?? "";
  const upgrade = { headers: { Upgrade: "websocket" } };
  expect(await statusOf("/")).toBe(200);
  expect(await statusOf("/", { headers: { "If-None-Match": etag } })).toBe(304);
  expect(await statusOf("/", { method: "HEAD" })).toBe(200);
  expect(await statusOf("/install/install.sh")).toBe(200);
  expect(await statusOf("/assets/gone.js")).toBe(404);
  expect(await statusOf("/api/nothing")).toBe(401);
  expect(await statusOf("/healthz", { method: "POST" })).toBe(405);
  expect(await statusOf("/api/live", upgrade)).toBe(401);
  expect(await statusOf("/nats", upgrade)).toBe(503);
});

test.each([
  ["http://rm.test", null],
  ["http://192.168.1.5:8080", null],
  ["http://localhost:8080", "same-origin"],
  ["http://127.0.0.1:8080", "same-origin"],
  ["http://[::1]:8080", "same-origin"],
])(
  "reached at %s, the opener policy is %p [SEC-02]",
  async (origin, policy) => {
    const { app } = createWholeSurface();
    const listener = { peer: "203.0.113.5", upgrade: () => false };
    const { headers } = await app.request(`${origin}/`, {}, listener);
    expect(headers.get("Cross-Origin-Opener-Policy")).toBe(policy);
  },
);

test("behind a proxy that speaks TLS the opener policy is there [SEC-02]", async () => {
  const trustedProxy = [cidr.parse("203.0.113.5")];
  const api = createTestApi(createTestWorld(), { config: { trustedProxy } });
  const policyOf = async (host: string) => {
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": host };
    const response = await api.request("/api/auth/session", { headers });
    return response.headers.get("Cross-Origin-Opener-Policy");
  };
  expect(await policyOf("backup.example.org")).toBe("same-origin");
  expect(await policyOf("not a host")).toBe(null);
});

test("the page holds no script and no style of its own, which the policy would refuse [SEC-02]", () => {
  const page = readFileSync(
    join(import.meta.dir, "../../web-components/index.html"),
    "utf8",
  );
  expect(page).toMatch(/<script[^>]+src=/);
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
});
