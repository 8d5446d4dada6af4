import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errors, type NatsConnection } from "@nats-io/nats-core";
import { signNatsJwt } from "@restic-manager/shared/identity/nats-jwt.ts";
import {
  inboxPrefix,
  pattern,
  topic,
} from "@restic-manager/shared/protocol/topic.ts";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import { BrokerError } from "../ports/broker.ts";
import { createRandom } from "../random.ts";
import { until } from "./bus-contract.ts";
import { extractBinary } from "./extract-binary.ts";
import { mintBrokerKeys } from "./nats-keys.ts";
import { offlineDebugCreds } from "./nats-offline.ts";
import {
  approve,
  connectAgent,
  connectCreds,
  createTestBroker,
  createUserKey,
  natsServerPath,
  newHostId,
  type TestBroker,
} from "./nats-testing.ts";

const random = createRandom(systemClock);

describe("identities", () => {
  let under: TestBroker;
  beforeAll(async () => {
    under = createTestBroker();
    await under.broker.start();
  });
  afterAll(() => under.remove());

  test("an approved agent speaks on its own subjects and hears its own commands", async () => {
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    const denied = deniedOn(agent);
    agent.subscribe(pattern.commands(login.hostId));
    agent.subscribe(pattern.allAgents);
    agent.publish(topic.heartbeat(login.hostId), "{}");
    agent.publish(topic.event(login.hostId, "job.done"), "{}");
    agent.publish(topic.log(login.hostId, "job"), "{}");
    agent.publish(topic.live(login.hostId, "job"), "{}");
    agent.publish(topic.request(login.hostId, "hello"), "{}");
    await agent.flush();
    expect(denied).toEqual([]);
    await agent.close();
  });

  test("an agent is refused every subject of another host, of the server and of the broker", async () => {
    const victim = approve(under.broker);
    const agent = await connectAgent(under, approve(under.broker));
    const denied = deniedOn(agent);
    const heard = [
      pattern.commands(victim.hostId),
      pattern.commands("*"),
      pattern.heartbeats,
      pattern.events,
      pattern.requests,
      ">",
      "_INBOX.>",
      `${inboxPrefix(victim.hostId)}.>`,
      "$SYS.>",
    ];
    const spoken = [
      topic.heartbeat(victim.hostId),
      topic.event(victim.hostId, "job.done"),
      topic.log(victim.hostId, "job"),
      topic.request(victim.hostId, "hello"),
      topic.command(victim.hostId, "job.start"),
      `${inboxPrefix(victim.hostId)}.x`,
      "_INBOX.cp.x",
      "$JS.API.INFO",
      "$JS.API.CONSUMER.MSG.NEXT.RM_EVT.ingest",
      "$JS.ACK.RM_EVT.ingest.1.1.1.1.0",
      "$SYS.REQ.SERVER.PING",
    ];
    for (const subject of heard) agent.subscribe(subject);
    for (const subject of spoken) agent.publish(subject, "{}");
    await agent.flush();
    await until(() => denied.length >= heard.length + spoken.length);
    expect(denied.toSorted()).toEqual(
      [
        ...heard.map((subject) => `subscription ${subject}`),
        ...spoken.map((subject) => `publish ${subject}`),
      ].toSorted(),
    );
    await agent.close();
  });

  test("a key without a JWT, a JWT of its own making and a stolen JWT are refused", async () => {
    const login = approve(under.broker);
    const stranger = createUserKey();
    const selfMade = signNatsJwt(
      {
        issuer: stranger.nkey,
        subject: stranger.nkey,
        name: login.hostId,
        issuedAt: 1,
        nats: { type: "user", version: 2 },
      },
      stranger.sign,
    );
    for (const attempt of [
      { ...login, ...stranger, jwt: "" },
      { ...login, ...stranger, jwt: selfMade },
      { ...login, sign: stranger.sign },
    ])
      await expect(connectAgent(under, attempt)).rejects.toThrow(
        /authorization violation/i,
      );
  });

  test("only a user key, a host id made by the server and at most 30 days make a JWT", () => {
    const { nkey } = createUserKey();
    const day = 24 * 3_600_000;
    const issue = (key: string, host: string, days = 1) =>
      under.broker.issueAgentJwt(key, host, systemClock.now() + days * day);
    expect(issue(nkey, newHostId(), 30)).toStartWith("ey");
    expect(() => issue(nkey, "*")).toThrow("host id");
    expect(() => issue(nkey, "h.>")).toThrow("host id");
    expect(() => issue(`A${nkey.slice(1)}`, newHostId())).toThrow("nkey");
    expect(() => issue(nkey, newHostId(), 31)).toThrow("30 days");
    expect(() => issue(nkey, newHostId(), -1)).toThrow("30 days");
  });

  test("a revocation cuts the live connection, keeps it out over restarts, and touches nobody else", async () => {
    const revoked = approve(under.broker);
    const other = approve(under.broker);
    const cut = await connectAgent(under, revoked);
    const stays = await connectAgent(under, other);
    await under.broker.revokeAgent(revoked.nkey);
    await cut.closed();
    await expect(connectAgent(under, revoked)).rejects.toThrow();
    await stays.flush();

    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    await stays.closed();
    await until(() => under.pid() !== pid);
    await expect(connectAgent(under, revoked)).rejects.toThrow();
    await (await connectAgent(under, other)).close();
    await expect(under.broker.revokeAgent("*")).rejects.toThrow("nkey");
  });

  test("a host approved again in the second of its revocation is let in", async () => {
    const login = approve(under.broker);
    await under.broker.revokeAgent(login.nkey);
    const again = approve(under.broker, login, login.hostId);
    await (await connectAgent(under, again)).close();
  });

  test("coming and going of a host is told at once, with how many speak as it", async () => {
    const login = approve(under.broker);
    const told = () =>
      under.presence
        .filter((change) => change.hostId === login.hostId)
        .map((change) => change.connections);
    const first = await connectAgent(under, login);
    const second = await connectAgent(under, login);
    await until(() => told().length === 2);
    await second.close();
    await first.close();
    await until(() => told().length === 4);
    expect(told()).toEqual([1, 2, 1, 0]);
    expect(under.presence.at(-1)?.reason).toBeString();
  });

  test("debug credentials hear everything and say nothing", async () => {
    const { creds, url } = under.broker.issueDebugCreds(3600);
    const watcher = await connectCreds(url, creds);
    const denied = deniedOn(watcher);
    const heard: string[] = [];
    watcher.subscribe("rm.v1.>", {
      callback: (_, message) => void heard.push(message.subject),
    });
    await watcher.flush();
    const login = approve(under.broker);
    const agent = await connectAgent(under, login);
    agent.publish(topic.heartbeat(login.hostId), "{}");
    await agent.flush();
    await until(() => heard.includes(topic.heartbeat(login.hostId)));
    for (const subject of [
      topic.command(login.hostId, "ping"),
      topic.heartbeat(login.hostId),
      "rm.v1.x",
      `${inboxPrefix(login.hostId)}.x`,
      "$JS.API.STREAM.DELETE.RM_EVT",
    ])
      watcher.publish(subject, "{}");
    await watcher.flush();
    await until(() => denied.length === 5);
    expect(heard).toEqual([topic.heartbeat(login.hostId)]);
    await Promise.all([agent.close(), watcher.close()]);
  });

  test("credentials made beside the running server open the same broker", async () => {
    const made = await offlineDebugCreds(
      {
        dataDir: under.dataDir,
        store: { load: async () => under.keys() },
        random,
        nowSeconds: Math.floor(systemClock.now() / 1000),
      },
      60,
    );
    const watcher = await connectCreds(made.url, made.creds);
    watcher.subscribe(pattern.events);
    await watcher.flush();
    await watcher.close();
  });
});

describe("supervision", () => {
  test("keys are minted once and the same agent is let in after a restart", async () => {
    const first = createTestBroker();
    await first.broker.start();
    const login = approve(first.broker);
    await first.broker.stop();
    const second = createTestBroker({
      dataDir: first.dataDir,
      keys: first.keys(),
    });
    await second.broker.start();
    await (await connectAgent(second, login)).close();
    expect(second.keys()).toBe(first.keys());
    await second.remove();
  });

  test("it listens on loopback only, and nobody else can read its files", async () => {
    const under = createTestBroker();
    await under.broker.start();
    expect(under.broker.address()?.host).toBe("127.0.0.1");
    const root = join(under.dataDir, "broker");
    expect(statSync(root).mode & 0o777).toBe(0o700);
    const config = join(root, "nats.conf");
    expect(statSync(config).mode & 0o777).toBe(0o600);
    for (const seed of Object.values(JSON.parse(under.keys() ?? "{}")))
      if (/^S[AO]/.test(String(seed)))
        expect(readFileSync(config, "utf8")).not.toContain(String(seed));
    await under.remove();
  });

  test("stopping leaves no process behind", async () => {
    const under = createTestBroker();
    await under.broker.start();
    const pid = under.pid();
    expect(isAlive(pid)).toBe(true);
    await under.broker.stop();
    expect(isAlive(pid)).toBe(false);
    expect(under.broker.status().state).toBe("stopped");
    await under.remove();
  });

  test("a killed broker is back with another process and says so", async () => {
    const under = createTestBroker();
    await under.broker.start();
    const states: string[] = [];
    under.broker.onStateChange(({ state }) => states.push(state));
    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    await until(() => states.includes("running"));
    expect(states).toEqual(["restarting", "running"]);
    expect(under.pid()).not.toBe(pid);
    expect(under.broker.status().recentExits).toBe(1);
    expect(under.broker.status().lastLines.join("\n")).toContain(
      "Server is ready",
    );
    await under.remove();
  });

  test.each([
    ["with setpriv it dies with the server", process.env["PATH"] ?? ""],
    ["without it is ended by the next start", ""],
  ])("a broker whose server was killed: %s", async (_, searchPath) => {
    const dataDir = mkdtempSync(join(tmpdir(), "rm-orphan-"));
    const keys = JSON.stringify(mintBrokerKeys(random, 1));
    const server = spawn(
      process.execPath,
      [join(import.meta.dir, "nats-testing-server.ts")],
      {
        env: {
          ...process.env,
          DATA_DIR: dataDir,
          KEYS: keys,
          SEARCH: searchPath,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const orphan = await new Promise<number>((resolve) =>
      server.stdout.once("data", (text) => resolve(Number(text))),
    );
    const next = createTestBroker({ dataDir, keys });
    await expect(next.broker.start()).rejects.toThrow("Another server");
    server.kill("SIGKILL");
    await new Promise((resolve) => server.once("close", resolve));
    if (searchPath !== "") await until(() => !isAlive(orphan));
    else expect(isAlive(orphan)).toBe(true);
    await next.broker.start();
    expect(isAlive(orphan)).toBe(false);
    expect(next.pid()).not.toBe(orphan);
    await next.remove();
  });

  test("a pid file that names somebody else's process harms nobody", async () => {
    const under = createTestBroker();
    const bystander = spawn("sleep", ["60"]);
    mkdirSync(join(under.dataDir, "broker"), { recursive: true });
    writeFileSync(
      join(under.dataDir, "broker", "nats-server.pid"),
      String(bystander.pid),
    );
    await under.broker.start();
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill();
    await under.remove();
  });

  test("a data directory that forbids running programs is named with the remedy", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rm-noexec-"));
    const binary = join(directory, "nats-server");
    writeFileSync(binary, "not to be run", { mode: 0o600 });
    const refused = await startError(async () => binary);
    expect(refused.code).toBe("broker_noexec");
    expect(refused.message).toContain("RM_DATA_DIR");
    rmSync(directory, { recursive: true });
  });

  test("a nats-server older than 2.14 and a program that is none are refused", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rm-old-"));
    const binary = join(directory, "nats-server");
    const calledItself = async (text: string) => {
      writeFileSync(binary, `#!/bin/sh\necho '${text}'\n`);
      chmodSync(binary, 0o755);
      return startError(async () => binary);
    };
    const old = await calledItself("nats-server: v2.13.9");
    expect(old.code).toBe("broker_too_old");
    expect(old.message).toContain("2.13.9");
    expect((await calledItself("hello")).code).toBe("broker_start_failed");
    rmSync(directory, { recursive: true });
  });

  test("a broker that cannot start says what it wrote", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rm-broken-"));
    const binary = join(directory, "nats-server");
    writeFileSync(
      binary,
      '#!/bin/sh\n[ "$1" = --version ] && echo nats-server: v2.15.1 || { echo disk on fire >&2; exit 1; }\n',
      { mode: 0o755 },
    );
    const refused = await startError(async () => binary);
    expect(refused.code).toBe("broker_start_failed");
    expect(refused.message).toContain("disk on fire");
    rmSync(directory, { recursive: true });
  });

  test("damaged stored keys are refused instead of replaced", async () => {
    const under = createTestBroker({ keys: '{"v":1}' });
    await expect(under.broker.start()).rejects.toThrow("Restore the database");
    expect(under.keys()).toBe('{"v":1}');
    await under.remove();
  });
});

describe("the embedded executable", () => {
  let assets: string;
  let target: string;
  beforeAll(() => {
    assets = mkdtempSync(join(tmpdir(), "rm-assets-"));
    target = join(assets, "data", "bin");
    const bytes = readFileSync(natsServerPath());
    mkdirSync(join(assets, "bin"));
    writeFileSync(
      join(assets, "bin", "nats-server.zst"),
      Bun.zstdCompressSync(bytes, { level: 1 }),
    );
    writeFileSync(
      join(assets, "bin", "manifest.json"),
      JSON.stringify({
        name: "nats-server",
        version: "2.15.1",
        os: "linux",
        arch: "x64",
        sha256: createHash("sha256").update(bytes).digest("hex"),
        size: bytes.length,
      }),
    );
  });
  afterAll(() => rmSync(assets, { recursive: true }));

  const inode = (path: string) => statSync(path).ino;

  test("is put into place once, also by several starts at the same time", async () => {
    const paths = await Promise.all(
      [1, 2, 3].map(() => extractBinary(assets, target)),
    );
    expect(new Set(paths).size).toBe(1);
    const [path = ""] = paths;
    const before = inode(path);
    expect(await extractBinary(assets, target)).toBe(path);
    expect(inode(path)).toBe(before);
    expect(readdirSync(target)).toHaveLength(1);
    expect(statSync(target).mode & 0o777).toBe(0o700);
  });

  test("is replaced when someone changed it, and the broker runs the right one", async () => {
    const path = await extractBinary(assets, target);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    rmSync(path);
    writeFileSync(path, bytes, { mode: 0o755 });
    const under = createTestBroker({
      binary: () => extractBinary(assets, target),
    });
    await under.broker.start();
    expect(readFileSync(natsServerPath()).equals(readFileSync(path))).toBe(
      true,
    );
    await under.remove();
  });

  test("of an earlier version is removed", async () => {
    const old = join(target, "nats-server-0123456789ab");
    writeFileSync(old, "old");
    rmSync(await extractBinary(assets, target));
    await extractBinary(assets, target);
    expect(existsSync(old)).toBe(false);
  });

  test("that is damaged or missing is refused with a remedy", async () => {
    const broken = mkdtempSync(join(tmpdir(), "rm-assets-"));
    await expect(extractBinary(broken, target)).rejects.toThrow("just stage");
    mkdirSync(join(broken, "bin"));
    writeFileSync(
      join(broken, "bin", "manifest.json"),
      readFileSync(join(assets, "bin", "manifest.json")),
    );
    writeFileSync(
      join(broken, "bin", "nats-server.zst"),
      Bun.zstdCompressSync("something else"),
    );
    await expect(
      extractBinary(broken, join(broken, "elsewhere")),
    ).rejects.toThrow("damaged");
    rmSync(broken, { recursive: true });
  });
});

async function startError(binary: () => Promise<string>): Promise<BrokerError> {
  const under = createTestBroker({ binary });
  try {
    await under.broker.start();
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  } finally {
    await under.remove();
  }
  throw new Error("it started");
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** What the broker refuses a connection from now on, as `publish subject` or `subscription subject`. */
function deniedOn(connection: NatsConnection): string[] {
  const denied: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (
        status.type === "error" &&
        status.error instanceof errors.PermissionViolationError
      )
        denied.push(`${status.error.operation} ${status.error.subject}`);
  })();
  return denied;
}
