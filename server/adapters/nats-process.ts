import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { basename, dirname, join } from "node:path";
import { type Clock, delay } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { z } from "zod";
import { type BrokerAddress, BrokerError } from "../ports/broker.ts";
import type { OnViolation } from "../ports/violation.ts";
import { createSeldom } from "../seldom.ts";
import { type BrokerPaths, brokerName } from "./nats-config.ts";
import { endOrphan } from "./nats-orphan.ts";
import { readViolation, troubleOf } from "./nats-violation.ts";
import { readSlowly } from "./slow-lines.ts";

/** A nats-server of ours that accepts connections. */
export interface NatsProcess {
  readonly pid: number;
  readonly address: BrokerAddress;
  readonly version: string;
  /** Resolves when the process has ended, wanted or not. */
  readonly ended: Promise<void>;
  /** TERM, five seconds, KILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface NatsProcessDeps {
  readonly paths: BrokerPaths;
  /** Path of the verified executable. */
  readonly binary: () => Promise<string>;
  /** Text of the configuration. */
  readonly config: () => string;
  /** Where to look for `setpriv`, as in `PATH`. */
  readonly searchPath: string;
  /** Called with every line it writes, but for those about violations, and some of those about its clients. */
  readonly onLine: (line: string) => void;
  readonly onViolation: OnViolation;
  readonly clock: Clock;
  readonly log: Log;
}

const oldestMinor = 14;
const startLimitMs = 30_000;
const stopLimitMs = 5_000;

/**
 * Starts nats-server and waits until it is ready. Aborting `signal` ends it.
 * @throws BrokerError when it cannot run, is too old, or does not become ready; StartError for an orphan.
 */
export async function startNatsProcess(
  deps: NatsProcessDeps,
  signal: AbortSignal,
): Promise<NatsProcess> {
  const { paths, clock } = deps;
  const binary = await deps.binary();
  const version = await versionOf(binary);
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  await endOrphan(paths, deps);
  await rm(paths.ports, { recursive: true, force: true });
  await mkdir(paths.ports, { mode: 0o700 });
  await writeConfig(paths.config, deps.config());

  const { child, pid } = launch(binary, deps);
  const ended = new Promise<void>((resolve) => child.once("close", resolve));
  let alive = true;
  void ended.then(() => (alive = false));
  const tail: string[] = [];
  const isToBeSaid = createSeldom(clock);
  const cancelReading = readSlowly(child.stderr, clock, (line) => {
    const violation = readViolation(line);
    if (violation !== null) return deps.onViolation(violation);
    tail.push(line);
    if (tail.length > 5) tail.shift();
    const trouble = troubleOf(line);
    if (trouble === null) return deps.onLine(line);
    const count = isToBeSaid(trouble);
    if (count !== null)
      deps.onLine(count === 0 ? line : `${line} (${count} more before)`);
  });
  void ended.then(cancelReading);

  const stop = async () => {
    child.kill("SIGTERM");
    const limit = new AbortController();
    void ended.then(() => limit.abort());
    await delay(clock, stopLimitMs, limit.signal);
    if (alive) child.kill("SIGKILL");
    await ended;
  };

  const portsFile = join(paths.ports, `${basename(binary)}_${pid}.ports`);
  for (let waited = 0; alive && waited < startLimitMs; waited += 20) {
    if (signal.aborted) break;
    const address = await readyAddress(portsFile);
    if (address !== null) return { pid, address, version, ended, stop };
    await delay(clock, 20);
  }
  await stop();
  throw new BrokerError(
    "broker_start_failed",
    signal.aborted
      ? "The broker was stopped while it started."
      : `The broker (nats-server ${version}) did not start. It wrote:\n${tail.join("\n")}`,
  );
}

/** @throws BrokerError `broker_noexec`, `broker_too_old`, `broker_start_failed` */
async function versionOf(binary: string): Promise<string> {
  const text = await new Promise<string>((resolve, reject) => {
    execFile(binary, ["--version"], { env: {} }, (error, stdout) => {
      if (error === null) return resolve(stdout);
      reject(
        error.code === ("EACCES" as string | number)
          ? new BrokerError(
              "broker_noexec",
              `The data directory forbids running programs: ${dirname(binary)} is probably mounted noexec. Remount it with exec, or set RM_DATA_DIR to a directory that allows it.`,
            )
          : new BrokerError(
              "broker_start_failed",
              `The broker ${binary} cannot run: ${error.message}`,
            ),
      );
    });
  });
  const [, version, major, minor] = /v((\d+)\.(\d+)\.\d+\S*)/.exec(text) ?? [];
  if (version === undefined)
    throw new BrokerError(
      "broker_start_failed",
      `${binary} is not a nats-server: it calls itself "${text.trim()}".`,
    );
  if (Number(major) < 2 || (major === "2" && Number(minor) < oldestMinor))
    throw new BrokerError(
      "broker_too_old",
      `nats-server ${version} is too old: earlier than 2.${oldestMinor} it can lose acknowledged messages. Use the one this program carries.`,
    );
  return version;
}

/** The JWTs of the accounts are not secret, but whom we revoked is nobody's business. */
async function writeConfig(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Its own session, so that Ctrl-C in a terminal reaches only the server, which then ends it in order. Where the system
 * can, it also dies with us when we are killed.
 */
function launch(
  binary: string,
  { paths, searchPath }: NatsProcessDeps,
): { child: ChildProcess & { stderr: NodeJS.ReadableStream }; pid: number } {
  const command = [binary, "--config", paths.config];
  const guard = searchPath
    .split(":")
    .map((directory) => join(directory, "setpriv"))
    .find((path) => existsSync(path));
  const [program = binary, ...args] =
    guard === undefined
      ? command
      : [guard, "--pdeathsig", "TERM", "--", ...command];
  const child = spawn(program, args, {
    cwd: paths.root,
    env: {},
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.on("error", () => {});
  if (child.pid === undefined)
    throw new BrokerError(
      "broker_start_failed",
      `The broker ${binary} cannot be started.`,
    );
  return { child, pid: child.pid };
}

const portsSchema = z.object({
  nats: z.tuple([z.url()]),
  monitoring: z.tuple([z.url()]),
});
const varz = z.object({ server_name: z.string(), port: z.int() });

/**
 * The address of the process that wrote this ports file, once it is healthy; null before. That a broker answers is not
 * enough, a stale one on the same port does too: its own account of name and port must match.
 */
async function readyAddress(portsFile: string): Promise<BrokerAddress | null> {
  const ports = await readPorts(portsFile);
  if (ports === null) return null;
  const health = await httpGet(new URL("/healthz", ports.monitoring));
  if (health?.status !== 200) return null;
  const info = varz.safeParse(
    parseJson((await httpGet(new URL("/varz", ports.monitoring)))?.body ?? ""),
  );
  return info.success &&
    info.data.server_name === brokerName &&
    info.data.port === ports.address.port
    ? ports.address
    : null;
}

/** A ports file of nats-server, or null while it is absent or half written. */
export async function readPorts(
  path: string,
): Promise<{ address: BrokerAddress; monitoring: string } | null> {
  const text = await readFile(path, "utf8").catch(() => "");
  const ports = portsSchema.safeParse(parseJson(text));
  if (!ports.success) return null;
  const { hostname, port } = new URL(ports.data.nats[0]);
  return {
    address: { host: hostname, port: Number(port) },
    monitoring: ports.data.monitoring[0],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Not `fetch`: that would send a loopback request to the proxy of the environment. */
function httpGet(url: URL): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2000, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body }),
      );
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(null));
  });
}
