/** The server behind Caddy and nginx, set up as docs/reverse-proxy.md says. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { approvedHost, enrolAt } from "./rig/agent.ts";
import { createAnnouncer } from "./rig/announcer.ts";
import { type Api, call, logIn } from "./rig/api.ts";
import { enterAs, launchBrowser, openTab } from "./rig/browser.ts";
import { freePort, inLab, type Lab } from "./rig/lab.ts";
import { openLive } from "./rig/live.ts";
import { type Proxy, proxyKinds, startProxy } from "./rig/proxy.ts";
import { adminPassword, startServer } from "./rig/server.ts";
import type { Session } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 90_000;
const behind = {
  RM_TRUSTED_PROXY: "127.0.0.1",
  RM_HEARTBEAT_INTERVAL: "500ms",
  RM_OFFLINE_AFTER: "3s",
};

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Through the proxy, with its authority trusted. */
const logInThrough = ({ url, certificates }: Proxy): Promise<Api> =>
  logIn(url, "admin", adminPassword, {
    ca: readFileSync(certificates.ca, "utf8"),
  });

for (const kind of proxyKinds)
  test.concurrent(
    `behind ${kind} a person logs in securely and sees events as they happen, by WebSocket and as a stream; an old agent is told [CFG-03] [SSE-02] [TRN-05]`,
    inLab(async (lab) => {
      const server = await startServer(lab, { env: behind });
      const proxy = await startProxy(lab, kind, server.port);
      const api = await logInThrough(proxy);
      const login = { username: "admin", password: adminPassword };
      const cookies = await Promise.all(
        [proxy.url, server.url].map(async (url) => {
          const tls = url === proxy.url ? api.tls : {};
          const { headers } = await call<Session>(
            url,
            "POST",
            "/api/auth/login",
            login,
            {},
            tls,
          );
          return headers.get("set-cookie")?.includes("; Secure");
        }),
      );
      expect(cookies).toEqual([true, false]);

      const live = await openLive(lab, proxy.url, api);
      await live.subscribe("fleet");
      const stream = await openStream(lab, proxy.url, api);
      await waitFor("the stream begins", () => stream().includes("event: sub"));

      const old = await createAnnouncer(proxy.url, "old", api.tls);
      const { status, body } = await old.announce({
        protocol_min: 0,
        protocol_max: 0,
      });
      expect([status, body.code]).toEqual([426, "protocol_too_old"]);

      const serverKey = await server.serverKey();
      const agent = enrolAt(lab, proxy.url, serverKey, {
        args: ["--server-ca", proxy.certificates.ca],
      });
      const host = await approvedHost(api, agent);
      const isHost = (text: string) => text.includes(host.id);
      await waitFor("the WebSocket tells of the host", () =>
        live.frames().some((frame) => isHost(JSON.stringify(frame))),
      );
      await waitFor("the stream tells of the host", () => isHost(stream()));
    }),
    limit,
  );

for (const kind of proxyKinds)
  test.concurrent(
    `behind ${kind} audit and limits go by the real address, and nobody can claim another [CFG-03]`,
    inLab(async (lab) => {
      const server = await startServer(lab, { env: behind });
      const proxy = await startProxy(lab, kind, server.port);
      const { ca } = proxy.certificates;
      const ask = (from: string, claimed: string, request: Request) =>
        statusFrom(lab, { from, claimed, ca, ...request });
      const logInAt = (url: string): Request => ({
        url: `${url}/api/auth/login`,
        body: { username: "admin", password: adminPassword },
      });

      expect([
        await ask("127.0.0.2", "203.0.113.2", logInAt(server.url)),
        await ask("127.0.0.3", "203.0.113.3", logInAt(proxy.url)),
      ]).toEqual(["200", "200"]);
      const api = await logInThrough(proxy);
      const { entries } = await api.get<{ entries: { ip: string }[] }>(
        "/api/audit?action=auth.login",
      );
      expect(entries.map(({ ip }) => ip)).toEqual([
        "127.0.0.1",
        "127.0.0.3",
        "127.0.0.2",
      ]);

      const announce = {
        url: `${proxy.url}/api/agents/announce`,
        body: { b: "{}", s: "A".repeat(86) },
      };
      let claims = 0;
      await waitFor(
        "127.0.0.4 is limited, whatever it claims",
        async () =>
          (await ask("127.0.0.4", `203.0.113.${claims++ % 250}`, announce)) ===
          "429",
      );
      expect(await ask("127.0.0.5", "127.0.0.4", announce)).toBe("400");
    }),
    limit,
  );

for (const kind of proxyKinds)
  test.concurrent(
    `behind ${kind} agents and browsers outlive its reload, its restart and a dead server, and say who is at fault [TRN-04] [SSE-03]`,
    inLab(async (lab) => {
      const server = await startServer(lab, { env: behind });
      const proxy = await startProxy(lab, kind, server.port);
      const api = await server.logIn();
      const { page } = await openTab(lab, browser);
      await enterAs(page, proxy.url, await logInThrough(proxy));
      await page.goto(proxy.url);
      await shown(page, "Live").waitFor();

      const serverKey = await server.serverKey();
      const agents = ["ca", "cert"].map((name) =>
        enrolAt(lab, proxy.url, serverKey, {
          name,
          args: ["--server-ca", proxy.certificates[name as "ca" | "cert"]],
        }),
      );
      for (const agent of agents) await approvedHost(api, agent);
      const say = async (sentence: RegExp) => {
        for (const agent of agents) await agent.program().line(sentence);
      };
      const connected = (times: number) =>
        say(new RegExp(`(Connected to the server[^]*){${times}}`));
      const { host } = new URL(proxy.url);

      await proxy.reload();
      await proxy.stop();
      await shown(page, "Reconnecting").waitFor();
      await say(new RegExp(`Nothing listens at ${host};`));
      await proxy.start();
      await connected(2);
      await shown(page, "Live").waitFor();

      await server.stop();
      await say(
        new RegExp(
          `${host} answered with HTTP 502: the proxy there does not reach the restic-manager server`,
        ),
      );
      await server.start();
      await connected(3);
      await shown(page, "Live").waitFor();
    }),
    limit,
  );

test(
  "an agent tells an unknown name, a closed port, an unknown certificate and a missing WebSocket apart, one sentence each [ENR-11]",
  inLab(async (lab) => {
    const server = await startServer(lab, { env: behind });
    const proxy = await startProxy(lab, "nginx", server.port);
    const serverKey = await server.serverKey();
    const closed = await freePort();
    const cases: readonly (readonly [url: string, sentence: RegExp])[] = [
      [
        "https://backup.invalid",
        /The name backup\.invalid cannot be resolved; .+\.\n/,
      ],
      [
        `https://127.0.0.1:${closed}`,
        new RegExp(`Nothing listens at 127\\.0\\.0\\.1:${closed}; .+\\.\n`),
      ],
      [proxy.url, /The certificate of 127\.0\.0\.1:\d+ is signed by .+\.\n/],
      [
        `https://127.0.0.1:${server.port}`,
        /127\.0\.0\.1:\d+ does not speak TLS; .+\.\n/,
      ],
    ];
    for (const [at, [url, sentence]] of cases.entries()) {
      const agent = enrolAt(lab, url, serverKey, { name: `faulty-${at}` });
      const { code } = await agent.program().exit();
      expect([code, agent.program().text()]).toEqual([
        1,
        expect.stringMatching(sentence),
      ]);
    }
  }),
  limit,
);

const shown = (page: Page, text: string) =>
  page.getByRole("status").filter({ hasText: text });

/** The fleet's event stream, read as it comes. */
async function openStream(
  lab: Lab,
  url: string,
  api: Api,
): Promise<() => string> {
  const leaving = new AbortController();
  const { headers, tls } = api;
  const { signal } = leaving;
  const response = await fetch(`${url}/api/events`, { headers, tls, signal });
  const decoder = new TextDecoder();
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk, { stream: true });
  })().catch(() => {});
  lab.defer(() => {
    leaving.abort();
    return reading;
  });
  return () => text;
}

interface Request {
  readonly url: string;
  readonly body: unknown;
}

/** Status of a request that comes from one loopback address and claims to come from another. */
async function statusFrom(
  lab: Lab,
  request: Request & { from: string; claimed: string; ca: string },
): Promise<string> {
  const { url, body, from, claimed, ca } = request;
  const curl = lab.start("/usr/bin/curl", [
    "--silent",
    "--show-error",
    "--cacert",
    ca,
    "--interface",
    from,
    "--output",
    "/dev/null",
    "--write-out",
    "%{http_code}",
    "--header",
    `X-Forwarded-For: ${claimed}`,
    "--json",
    JSON.stringify(body),
    url,
  ]);
  await curl.exit();
  return curl.stdout();
}
