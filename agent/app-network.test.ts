import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  agentCommand,
  agentEnds,
  identityIn,
  pathsIn,
  serverKeyOf,
  startAgent,
} from "./testing/agent-process.ts";
import { makeCertificates } from "./testing/certificates.ts";
import { startFront } from "./testing/front.ts";
import { rigIn } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { startTestServer, type TestServer } from "./testing/test-server.ts";
import { goodToken } from "./testing/test-server-http.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const tempDir = createTempDirs();
const withRig = rigIn(tempDir);

async function withServer(
  work: (server: TestServer, dir: string) => Promise<void>,
): Promise<void> {
  const dir = tempDir();
  const server = await startTestServer(tempDir(), identityIn(dir));
  try {
    await work(server, dir);
  } finally {
    await server.stop();
  }
}

test("behind TLS the agent enrols and stays connected with nothing but the server's own certificate pinned [TRN-01]", () =>
  withServer(async (server, dir) => {
    const { good, authority } = makeCertificates(dir);
    const front = await startFront(server.url, good);
    const enrol = ["enrol", front.url, "--server-key", serverKeyOf(server)];
    const unknown = await agentEnds(dir, ...enrol, "--exit");
    expect([unknown.code, unknown.output]).toEqual([
      1,
      expect.stringContaining("signed by an authority that this host does not"),
    ]);
    server.decide("approved");
    for (const { certificate } of [authority, good]) {
      const agent = startAgent(dir, ...enrol, "--server-ca", certificate);
      const before = server.requests("hello");
      await until("the greeting", () => server.requests("hello") > before);
      agent.signal("SIGTERM");
      expect((await agent.exited).code).toBe(0);
    }
    front.close();
  }));

test("a server that moved to an address it had named is found there by itself, and a dead address among several does no harm [TRN-12]", () =>
  withRig(async (rig) => {
    const { server, dir } = rig;
    const old = await startFront(server.url);
    const { config } = pathsIn(dir);
    const listed = `[http://127.0.0.1:9, ${old.url}]`;
    writeFileSync(
      config,
      readFileSync(config, "utf8").replace(/^server:.*$/m, `server: ${listed}`),
    );
    const agent = rig.start();
    await rig.online();
    await rig.configure();
    const rev = server.configure({
      repositories: [],
      groups: [],
      schedules: [],
      addresses: [server.url],
    });
    await server.command("cfg.changed", { rev });
    const greeted = server.requests("hello");
    old.close();
    await until("the greeting", () => server.requests("hello") > greeted);
    expect(
      agent.lines.filter((line) => line.includes("Nothing listens at")),
    ).not.toEqual([]);

    // Also after a restart: the list is kept with the configuration.
    agent.signal("SIGTERM");
    await agent.exited;
    const again = server.requests("hello");
    rig.start();
    await until("the greeting", () => server.requests("hello") > again);
  }));

test("a proxy that passes HTTP but no WebSocket is named", () =>
  withRig(async (rig) => {
    const { server, dir } = rig;
    const proxy = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const { pathname } = new URL(request.url);
        return pathname === "/nats"
          ? new Response("Bad request", { status: 400 })
          : fetch(`${server.url}${pathname}`);
      },
    });
    const { config } = pathsIn(dir);
    const text = readFileSync(config, "utf8");
    writeFileSync(config, text.replace(server.url, proxy.url.origin));
    const agent = rig.start();
    await until("the sentence", () =>
      agent.lines.some((line) =>
        line.includes(
          "(HTTP 400): a proxy in between must pass WebSockets at /nats",
        ),
      ),
    );
    await proxy.stop(true);
  }));

test("several addresses may be given to enrol; the first that answers is asked, all are kept [TRN-12]", () =>
  withServer(async (server, dir) => {
    server.decide("approved");
    const servers = ["http://127.0.0.1:9", server.url];
    const key = serverKeyOf(server);
    const { code } = await agentEnds(
      dir,
      "enrol",
      ...servers,
      "--server-key",
      key,
      "--exit",
    );
    expect(code).toBe(0);
    const { config } = pathsIn(dir);
    expect(readFileSync(config, "utf8")).toContain(
      `server:\n  - ${servers.join("\n  - ")}\n`,
    );
    // An approved host goes to a new address of its server by the key alone.
    const moved = server.url.replace("127.0.0.1", "localhost");
    const move = ["enrol", moved, "--exit"];
    expect((await agentEnds(dir, ...move)).code).toBe(2);
    expect((await agentEnds(dir, ...move, "--server-key", key)).code).toBe(0);
    expect(readFileSync(config, "utf8")).toContain(`server: ${moved}\n`);
  }));

test("a one-time token from a file or from standard input stands for the approval [ENR-10]", () =>
  withServer(async (server, dir) => {
    const enrol = ["enrol", server.url, "--server-key", serverKeyOf(server)];
    const file = join(dir, "token");
    const ends = (...more: string[]) =>
      agentEnds(dir, ...enrol, "--exit", "--token-file", file, ...more);

    expect((await ends()).output).toContain(`${file} cannot be read (ENOENT)`);
    writeFileSync(file, " \n");
    expect((await ends()).output).toContain("There is no one-time token");
    expect(
      (await agentEnds(dir, "enrol", server.url, "--token-file", file)).output,
    ).toContain("add --server-key");
    writeFileSync(file, "rmt_wrong");
    expect(await ends()).toEqual({
      code: 1,
      output: "refused: token_invalid",
    });
    writeFileSync(file, `${goodToken}\n`);
    const { code, output } = await ends();
    expect([code, output]).toEqual([
      0,
      expect.stringContaining("Approved: this host is"),
    ]);
    expect(output).not.toContain("Compare this fingerprint");

    // Whoever writes the token may keep the pipe open.
    const other = join(dir, "other");
    const { file: program, args, env } = agentCommand(other, ...enrol);
    const child = spawn(program, [...args, "--exit", "--token-stdin"], {
      env,
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin.write(`${goodToken}\n`);
    expect(await once(child, "exit")).toEqual([0, null]);
    for (const path of [pathsIn(dir).config, pathsIn(dir).approval])
      expect(readFileSync(path, "utf8")).not.toContain("rmt_");
  }));

test("a server without a key to seal to takes no token", () =>
  withServer(async (server, dir) => {
    const file = join(dir, "token");
    writeFileSync(file, goodToken);
    const key = serverKeyOf(server);
    const enrol = ["enrol", server.url, "--server-key", key];
    enrol.push("--token-file", file);
    for (const seal_key of [undefined, { b: "{}", s: "AA" }]) {
      server.tamper((path, body) =>
        path.endsWith("/server") ? { ...body, seal_key } : body,
      );
      const { code, output } = await agentEnds(dir, ...enrol);
      expect([code, output]).toEqual([
        1,
        expect.stringContaining("This server takes no one-time tokens"),
      ]);
    }
    expect(server.announcements()).toBe(0);
  }));
