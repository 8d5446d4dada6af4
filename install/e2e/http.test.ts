import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anonymous, bootstrap, call } from "./rig/api.ts";
import { inLab } from "./rig/lab.ts";
import { openLive, upgradeStatus } from "./rig/live.ts";
import { agentFile, serverFile } from "./rig/places.ts";
import {
  adminPassword,
  bootstrapUrl,
  ready,
  startServer,
} from "./rig/server.ts";
import type { ApiError } from "./rig/types.ts";

const limit = 60_000;

interface OpenApi {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: object }>>>
  >;
}

const publicPaths = [
  /^\/healthz$/,
  /^\/readyz$/,
  /^\/api\/version$/,
  /^\/api\/auth\/(login|logout|bootstrap|session)$/,
  /^\/api\/agents\//,
  /^\/agent\/binary(\.sha256)?$/,
  /^\/install\//,
  // The broker asks its own visitors who they are.
  /^\/(nats)?$/,
];

test(
  "whoever is not logged in gets 401 on every path that is not public [AUT-05] [API-01]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const { paths } = await api.get<OpenApi>("/api/openapi.json");
    const nobody = anonymous(server.url);
    const calls = Object.entries(paths)
      .filter(([path]) => !publicPaths.some((pattern) => pattern.test(path)))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map(
          (method) => [method.toUpperCase(), path] as const,
        ),
      );
    expect(calls.length).toBeGreaterThan(20);

    for (const [method, path] of calls) {
      const concrete = path.replaceAll(
        /\{[^}]+\}/g,
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
      );
      const answer = await nobody.ask(
        method,
        concrete,
        method === "GET" ? undefined : {},
      );
      expect([method, path, answer.status, answer.body.code]).toEqual([
        method,
        path,
        401,
        "unauthenticated",
      ]);
      expect(answer.body.request_id.length).toBeGreaterThan(8);
    }
    for (const path of [
      "/api/live",
      "/api/events",
      "/api/no-such-thing",
      "/api/jobs/x/log.txt",
    ])
      expect([path, (await nobody.ask("GET", path)).status]).toEqual([
        path,
        401,
      ]);
    for (const [path, status] of [
      ["/healthz", 204],
      ["/readyz", 200],
      ["/api/version", 200],
    ] as const)
      expect([path, (await nobody.ask("GET", path)).status]).toEqual([
        path,
        status,
      ]);
  }),
  limit,
);

test(
  "a change without the token, or from another site, is refused [SEC-03] [SEC-04]",
  inLab(async (lab) => {
    const server = await startServer(lab, {
      env: { RM_ALLOWED_ORIGINS: "https://friend.example" },
    });
    const api = await server.logIn();
    const cookie = api.headers["cookie"] ?? "";
    const ask = (headers: Record<string, string>) =>
      call<ApiError>(
        server.url,
        "POST",
        "/api/auth/logout",
        {},
        { cookie, ...headers },
      );
    const token = { "x-csrf-token": api.headers["x-csrf-token"] ?? "" };

    const bare = await call<ApiError>(
      server.url,
      "POST",
      "/api/pending/x/reject",
      {},
      { cookie },
    );
    expect([bare.status, bare.body.code]).toEqual([403, "csrf_refused"]);
    const foreign = await ask({ ...token, origin: "https://evil.example" });
    expect([foreign.status, foreign.body.code]).toEqual([
      403,
      "origin_refused",
    ]);
    const crossSite = await ask({ ...token, "sec-fetch-site": "cross-site" });
    expect(crossSite.status).toBe(403);

    const evil = { cookie, origin: "https://evil.example" };
    const stream = await call<ApiError>(
      server.url,
      "GET",
      "/api/events",
      undefined,
      evil,
    );
    expect([stream.status, stream.body.code]).toEqual([403, "origin_refused"]);
    expect(await upgradeStatus(server.url, "/api/live", evil)).toBe(403);
    expect(await upgradeStatus(server.url, "/nats", evil)).toBe(403);
    expect(await upgradeStatus(server.url, "/api/live", {})).toBe(401);
    expect(
      (await ask({ ...token, origin: "https://friend.example" })).status,
    ).toBeLessThan(300);
    expect((await api.ask("GET", "/api/hosts")).status).toBe(401);
  }),
  limit,
);

test(
  "the session cookie cannot be read by scripts, and is Secure behind HTTPS [AUT-02]",
  inLab(async (lab) => {
    const server = await startServer(lab, {
      env: { RM_TRUSTED_PROXY: "127.0.0.1" },
    });
    const logIn = (headers: Record<string, string>) =>
      call(
        server.url,
        "POST",
        "/api/auth/login",
        { username: "admin", password: adminPassword },
        headers,
      );
    const [plain = ""] = (await logIn({})).headers.getSetCookie();
    expect(plain).toMatch(/HttpOnly/i);
    expect(plain).toMatch(/SameSite=Lax/i);
    expect(plain).not.toMatch(/Secure/i);
    const [secure = ""] = (
      await logIn({ "x-forwarded-proto": "https" })
    ).headers.getSetCookie();
    expect(secure).toMatch(/;\s*Secure/i);

    const wrong = await call<ApiError>(
      server.url,
      "POST",
      "/api/auth/login",
      { username: "admin", password: "x" },
      {},
    );
    const unknown = await call<ApiError>(
      server.url,
      "POST",
      "/api/auth/login",
      { username: "nobody", password: "x" },
      {},
    );
    expect([wrong.status, wrong.body.code, wrong.body.message]).toEqual([
      401,
      "login_failed",
      unknown.body.message,
    ]);
  }),
  limit,
);

test(
  "the bootstrap link works once, and no default password exists [AUT-04]",
  inLab(async (lab) => {
    const server = await startServer(lab, { admin: false });
    await expect(server.logIn()).rejects.toThrow("401");
    const url = await bootstrapUrl(server);
    const token =
      url.hash.replace(/^#(token=)?/, "") ||
      url.searchParams.get("token") ||
      url.pathname.split("/").at(-1) ||
      "";

    const body = {
      token: `${token}x`,
      username: "root",
      password: adminPassword,
    };
    const wrong = await anonymous(server.url).ask(
      "POST",
      "/api/auth/bootstrap",
      body,
    );
    expect([wrong.status, wrong.body.code]).toEqual([
      403,
      "bootstrap_token_invalid",
    ]);
    const api = await bootstrap(server.url, token, "root", adminPassword);
    expect((await api.ask("GET", "/api/hosts")).status).toBe(200);
    const again = await anonymous(server.url).ask(
      "POST",
      "/api/auth/bootstrap",
      { ...body, token },
    );
    expect([again.status, again.body.code]).toEqual([409, "bootstrap_closed"]);
    await server.stop();
    await server.start();
    expect(server.program().text()).not.toMatch(/\/bootstrap/);
  }),
  limit,
);

test(
  "every page and answer carries the headers that keep foreign code out [SEC-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    for (const path of ["/", "/hosts/x", "/api/version", "/api/hosts"]) {
      const { headers } = await fetch(server.url + path);
      expect([path, headers.get("x-content-type-options")]).toEqual([
        path,
        "nosniff",
      ]);
      expect([path, headers.get("referrer-policy") !== null]).toEqual([
        path,
        true,
      ]);
    }
    const policy =
      (await fetch(server.url)).headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/default-src '(self|none)'/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).toMatch(/object-src 'none'|default-src 'none'/);
    expect(/script-src ([^;]*)/.exec(policy)?.[1] ?? "'self'").not.toMatch(
      /unsafe|\*|http/,
    );
  }),
  limit,
);

test(
  "a server in an empty folder serves the dashboard, precompressed and cacheable, and the installer [PKG-03]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const page = await fetch(server.url, {
      headers: { "accept-encoding": "br" },
    });
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(page.headers.get("cache-control")).toContain("no-cache");
    const html = await page.text();
    const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      (match) => match[1] ?? "",
    );
    expect(scripts.length).toBeGreaterThan(1);
    for (const path of scripts) {
      const file = await fetch(server.url + path, {
        headers: { "accept-encoding": "br, gzip" },
      });
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.headers.get("cache-control")).toContain("immutable");
    }
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect((await fetch(`${server.url}/assets/no-such-file.js`)).status).toBe(
      404,
    );

    const script = await (
      await fetch(`${server.url}/install/install.sh`)
    ).text();
    expect(script).toStartWith("#!");
    const unit = await (
      await fetch(`${server.url}/install/restic-manager-agent.service`)
    ).text();
    expect(unit).toContain("[Service]");
    for (const path of [
      "/install/..%2f..%2fetc%2fpasswd",
      "/install/nothing.sh",
      "/assets/..%2findex.html",
    ])
      expect([path, (await fetch(server.url + path)).status]).toEqual([
        path,
        404,
      ]);
  }),
  limit,
);

test(
  "the server hands out agents with their checksum, and an operator's own file wins [INS-05]",
  inLab(async (lab) => {
    // A server alone in its folder, as somebody copies it to a machine.
    const alone = join(lab.folder("alone"), "restic-manager-server");
    copyFileSync(serverFile, alone);
    const dataDir = join(lab.dir, "data");
    const server = await startServer(lab);
    const beside = await fetch(
      `${server.url}/agent/binary?os=linux&arch=${process.arch}`,
    );
    expect(beside.status).toBe(200);
    const hash = createHash("sha256")
      .update(readFileSync(agentFile))
      .digest("hex");
    expect(
      createHash("sha256")
        .update(await beside.bytes())
        .digest("hex"),
    ).toBe(hash);
    const sum = await (
      await fetch(
        `${server.url}/agent/binary.sha256?os=linux&arch=${process.arch}`,
      )
    ).text();
    expect(sum).toBe(`${hash}  restic-manager-agent\n`);

    const own = join(dataDir, "agents/linux-arm64");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "restic-manager-agent"), "an operator's build");
    const port = server.port;
    await server.stop();
    const second = lab.start(alone, [], {
      env: { RM_LISTEN: `127.0.0.1:${port}`, RM_DATA_DIR: dataDir },
    });
    await ready(server.url, second);
    expect(
      await (
        await fetch(`${server.url}/agent/binary?os=linux&arch=arm64`)
      ).text(),
    ).toBe("an operator's build");
    const missing = await anonymous(server.url).ask(
      "GET",
      "/agent/binary?os=windows&arch=x64",
    );
    expect([missing.status, missing.body.code]).toEqual([
      404,
      "agent_binary_missing",
    ]);
    expect(missing.body.message).toContain("agents/windows-x64");
    for (const query of [
      "os=linux&arch=riscv",
      "os=plan9&arch=x64",
      "",
      "os=..&arch=x64",
    ]) {
      const answer = await anonymous(server.url).ask(
        "GET",
        `/agent/binary?${query}`,
      );
      expect([query, answer.status, answer.body.code]).toEqual([
        query,
        404,
        "platform_unknown",
      ]);
    }
  }),
  limit,
);

test(
  "a live socket says hello, answers pings, and is refused what it may not ask [SSE-02]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const live = await openLive(lab, server.url, await server.logIn());
    await live.subscribe("fleet");
    expect(live.frames()[0]?.f).toBe("hello");
    await live.refused({ op: "sub", topic: "no-such-topic" });
    await live.refused({ op: "launch" });
  }),
  limit,
);
