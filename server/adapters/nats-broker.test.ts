import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { systemClock } from "../clock.ts";
import { BrokerError } from "../ports/broker.ts";
import { createRandom } from "../random.ts";
import { until } from "./bus-contract.ts";
import { mintBrokerKeys } from "./nats-keys.ts";
import { approve, connectAgent, createTestBroker } from "./nats-testing.ts";

const random = createRandom(systemClock);

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
    expect(under.broker.address()).toBeNull();
    await under.remove();
  });

  test("a killed broker is back with another process", async () => {
    const under = createTestBroker();
    await under.broker.start();
    const pid = under.pid();
    process.kill(pid, "SIGKILL");
    await until(() => under.broker.address() === null);
    await until(() => under.broker.address() !== null);
    expect(under.pid()).not.toBe(pid);
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
