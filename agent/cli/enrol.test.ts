import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import {
  agentEnds,
  identityIn,
  pathsIn,
  serverKeyOf,
  startAgent,
} from "../testing/agent-process.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { until } from "../testing/until.ts";

const tempDir = createTempDirs();

async function withServer(
  work: (server: TestServer, dir: string) => Promise<void>,
): Promise<void> {
  const server = await startTestServer(tempDir(), identityIn(tempDir()));
  try {
    await work(server, tempDir());
  } finally {
    await server.stop();
  }
}

test(
  "enrol shows the fingerprint to compare, waits, and keeps the approval [ENR-01] [ENR-04]",
  () =>
    withServer(async (server, dir) => {
      const agent = startAgent(
        dir,
        "enrol",
        server.url,
        "--server-key",
        serverKeyOf(server),
        "--exit",
      );
      await until(
        "the wait",
        () =>
          server.announced() !== null &&
          agent.lines.some((l) => l.startsWith("Waiting")),
      );
      const block = agent.lines.join("\n");
      expect(block).toContain("Compare this fingerprint");
      const fingerprint = /SHA256:[0-9a-f]{64}/.exec(block)?.[0] ?? "";
      server.decide("approved");
      expect((await agent.exited).code).toBe(0);
      expect(agent.lines.at(-1)).toContain('this host is "endpoint"');

      const { identity, approval, config } = pathsIn(dir);
      for (const path of [identity, approval, config])
        expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(config, "utf8")).toContain(`server: ${server.url}`);

      expect(await agentEnds(dir, "verify", fingerprint)).toMatchObject({
        code: 0,
        output: expect.stringContaining("match"),
      });
      const other = fingerprint.replace(/.$/, (digit) =>
        digit === "0" ? "1" : "0",
      );
      expect(await agentEnds(dir, "verify", other)).toMatchObject({
        code: 1,
        output: expect.stringContaining(fingerprint),
      });

      const again = await agentEnds(dir, "enrol", server.url, "--exit");
      expect(again.code).toBe(0);
      expect(again.output).toContain('Approved: this host is "endpoint"');
    }),
  30_000,
);

test("a server with another key is refused and nothing is kept [ENR-16]", () =>
  withServer(async (server, dir) => {
    const wrong = `SHA256:${"0".repeat(64)}`;
    const { code, output } = await agentEnds(
      dir,
      "enrol",
      server.url,
      "--server-key",
      wrong,
      "--exit",
    );
    expect(code).toBe(4);
    expect(output).toContain("This is not the expected server");
    expect(server.announced()).toBeNull();
    expect(existsSync(pathsIn(dir).state)).toBe(false);
    expect(existsSync(pathsIn(dir).config)).toBe(false);
  }));

test("without a key, off loopback and in clear, somebody must say yes [ENR-16]", () =>
  withServer(async (server, dir) => {
    const address = server.url.replace("127.0.0.1", "0.0.0.0");
    const { code, output } = await agentEnds(dir, "enrol", address, "--exit");
    expect(code).toBe(2);
    expect(output).toContain(serverKeyOf(server));
    expect(output).toContain("--server-key");
    expect(existsSync(pathsIn(dir).state)).toBe(false);
  }));

test("a rejected host ends with one line and exit code 3 [ENR-06]", () =>
  withServer(async (server, dir) => {
    const agent = startAgent(
      dir,
      "enrol",
      server.url,
      "--server-key",
      serverKeyOf(server),
    );
    await until("the wait", () =>
      agent.lines.some((l) => l.startsWith("Waiting")),
    );
    const before = agent.lines.length;
    server.decide("rejected");
    expect((await agent.exited).code).toBe(3);
    expect(agent.lines.slice(before)).toEqual([
      expect.stringMatching(
        /^An administrator rejected this host\..*enrol again/,
      ),
    ]);
    expect(existsSync(pathsIn(dir).approval)).toBe(false);
  }));

test("a changed echo of the fingerprint ends the enrolment", () =>
  withServer(async (server, dir) => {
    server.tamper((path, body) =>
      path.endsWith("announce")
        ? { ...body, fingerprint: `SHA256:${"1".repeat(64)}` }
        : body,
    );
    const { code, output } = await agentEnds(
      dir,
      "enrol",
      server.url,
      "--exit",
    );
    expect(code).toBe(4);
    expect(output).toContain("Do not approve");
  }));

test("an approval that is not signed by this server is not kept", () =>
  withServer(async (server, dir) => {
    server.decide("approved");
    server.tamper((path, body) =>
      path.endsWith("/wait")
        ? { ...body, approval: { b: "{}", s: "AA" } }
        : body,
    );
    const { code, output } = await agentEnds(
      dir,
      "enrol",
      server.url,
      "--exit",
    );
    expect(code).toBe(4);
    expect(output).toContain("not signed by this server");
    expect(existsSync(pathsIn(dir).approval)).toBe(false);
  }));

test("an approved host is not moved to another server by accident", () =>
  withServer(async (server, dir) => {
    server.decide("approved");
    expect((await agentEnds(dir, "enrol", server.url, "--exit")).code).toBe(0);
    const { code, output } = await agentEnds(
      dir,
      "enrol",
      "http://127.0.0.1:9",
      "--exit",
    );
    expect(code).toBe(2);
    expect(output).toContain(`belongs to ${server.url}`);
  }));

test.each([
  ["http://127.0.0.1:9", "Nothing listens at 127.0.0.1:9"],
  ["http://name.invalid", "name.invalid cannot be resolved"],
  ["backup.example.org", "is not an address"],
])("%s is told apart in a plain sentence", async (address, sentence) => {
  const { output } = await agentEnds(tempDir(), "enrol", address, "--exit");
  expect(output).toContain(sentence);
  expect(output.split("\n")).toHaveLength(1);
});

test("a web server that is something else is told apart from one that is away", async () => {
  const stranger = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("<h1>hello</h1>", { status: 404 }),
  });
  const redirecting = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => Response.redirect("https://backup.example.org/x", 308),
  });
  const at = (server: { port?: number | undefined }) =>
    agentEnds(tempDir(), "enrol", `http://127.0.0.1:${server.port}`, "--exit");
  expect((await at(stranger)).output).toContain(
    "answered with HTTP 404, but not as a restic-manager server",
  );
  expect((await at(redirecting)).output).toContain(
    "redirects to https://backup.example.org; use that address",
  );
  await stranger.stop(true);
  await redirecting.stop(true);
});

test.each(["enrol", "run", "verify", "status"])(
  "%s in a folder that cannot be used names it and the remedy in one line",
  (verb) =>
    withServer(async (server, dir) => {
      const file = join(dir, "file");
      await Bun.write(file, "");
      const words: Record<string, string[]> = {
        enrol: ["enrol", server.url],
        verify: ["verify", serverKeyOf(server)],
      };
      const ends = (...options: string[]) =>
        agentEnds(dir, ...(words[verb] ?? [verb]), ...options);
      const { state } = pathsIn(dir);
      const blocked = join(file, "below");

      expect(await ends("--state-dir", blocked)).toEqual({
        code: 1,
        output: `The state folder ${blocked} cannot be used (ENOTDIR). Run as root, or name another with --state-dir.`,
      });
      expect(await ends("--config", blocked)).toEqual({
        code: 1,
        output: `The configuration file ${blocked} cannot be used (ENOTDIR). Run as root, or name another with --config.`,
      });
      expect(existsSync(state)).toBe(false);
    }),
  20_000,
);

test("an unknown word is named and --help says the known ones", async () => {
  expect(await agentEnds(tempDir(), "statsu")).toEqual({
    code: 2,
    output: "error: unknown command 'statsu'\n--help lists what there is.",
  });
  expect((await agentEnds(tempDir(), "status", "more")).code).toBe(2);
  const help = await agentEnds(tempDir(), "help");
  expect([help.code, help.output]).toEqual([
    0,
    expect.stringContaining("enrol"),
  ]);
});

test("asking for the status makes nothing", async () => {
  const dir = tempDir();
  const { code, output } = await agentEnds(dir, "status");
  expect([code, output]).toEqual([0, expect.stringContaining("not approved")]);
  expect(existsSync(pathsIn(dir).state)).toBe(false);
});

test("a certificate authority that is not there is named", async () => {
  const { code, output } = await agentEnds(
    tempDir(),
    "enrol",
    "https://127.0.0.1:9",
    "--server-ca",
    "/nope.pem",
  );
  expect([code, output]).toEqual([
    2,
    "The certificate authority /nope.pem cannot be read (ENOENT); correct --server-ca, or server_ca in agent.yaml.",
  ]);
});

test("a damaged identity is an error and is not written over", () =>
  withServer(async (server, dir) => {
    server.decide("approved");
    await agentEnds(dir, "enrol", server.url, "--exit");
    const path = join(pathsIn(dir).state, "identity.json");
    await Bun.write(path, "{}");
    const { code, output } = await agentEnds(
      dir,
      "enrol",
      server.url,
      "--exit",
    );
    expect(code).toBe(1);
    expect(output).toContain("is damaged");
    expect(readFileSync(path, "utf8")).toBe("{}");
  }));

test("a configuration file with a typo is refused by the name of the key [CFG-01]", () =>
  withServer(async (server, dir) => {
    const { config } = pathsIn(dir);
    await Bun.write(config, "sever: http://x\n");
    const { code, output } = await agentEnds(dir, "run");
    expect(code).toBe(2);
    expect(output).toContain("unknown key sever");
    expect((await agentEnds(dir, "enrol", server.url, "--exit")).code).toBe(2);
  }));

test("a request to stop ends the wait at once, and the same command goes on", () =>
  withServer(async (server, dir) => {
    const agent = startAgent(dir, "enrol", server.url, "--exit");
    await until("the wait", () =>
      agent.lines.some((line) => line.startsWith("Waiting")),
    );
    agent.signal("SIGTERM");
    expect((await agent.exited).code).toBe(130);
    expect(agent.lines.at(-1)).toStartWith("Waiting");
    server.decide("approved");
    expect((await agentEnds(dir, "enrol", server.url, "--exit")).code).toBe(0);
  }));
