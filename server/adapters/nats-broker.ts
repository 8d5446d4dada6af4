import { statfsSync } from "node:fs";
import { type Clock, delay, every } from "@restic-manager/shared/clock.ts";
import { decodeNkey } from "@restic-manager/shared/identity/nkey.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { AppError } from "../app-error.ts";
import {
  type Broker,
  type BrokerAddress,
  BrokerError,
  type BrokerKeyStore,
} from "../ports/broker.ts";
import type { OnViolation } from "../ports/violation.ts";
import type { Random } from "../random.ts";
import {
  agentJwt,
  agentJwtLife,
  mainAccount,
  type NatsCredentials,
  serverCredentials,
  systemAccount,
} from "./nats-claims.ts";
import { brokerConfig, brokerPaths } from "./nats-config.ts";
import {
  agentSigner,
  type BrokerKeys,
  mintBrokerKeys,
  parseBrokerKeys,
} from "./nats-keys.ts";
import { type NatsProcess, startNatsProcess } from "./nats-process.ts";
import { createNatsSystem } from "./nats-system.ts";
import { isStoreFailure } from "./nats-violation.ts";

export interface NatsBrokerDeps {
  readonly dataDir: string;
  /** Path of the verified nats-server executable; asked before each start. */
  readonly binary: () => Promise<string>;
  /** Where to look for `setpriv`, as in `PATH`. */
  readonly searchPath: string;
  readonly store: BrokerKeyStore;
  /** Called with everything a user of the broker tries and may not. */
  readonly onViolation: OnViolation;
  readonly random: Pick<Random, "bytes">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The embedded broker. Besides what features need it lends the bus the credentials of the control plane. */
export interface NatsBroker extends Broker {
  controlPlane(): NatsCredentials;
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;
/** After running this long a new exit is not a consequence of the one before. */
const steadyMs = 10_000;
const readyLimitMs = 10_000;
const mendMs = 5_000;
const roomBytes = 32 * 1024 * 1024;

export function createNatsBroker(deps: NatsBrokerDeps): NatsBroker {
  const { clock, log } = deps;
  const paths = brokerPaths(deps.dataDir);
  let keys: BrokerKeys | null = null;
  let isReady = false;
  let storeFailed = false;
  let process: NatsProcess | null = null;
  let stopping = new AbortController();
  let supervised: Promise<void> = Promise.resolve();

  const nowSeconds = () => Math.floor(clock.now() / 1000);

  const system = createNatsSystem({
    address: () => process?.address ?? null,
    credentials: () =>
      serverCredentials(loaded(), deps.random, nowSeconds(), "system"),
    account: () => mainAccount(loaded(), nowSeconds()),
    clock,
    log,
  });

  function loaded(): BrokerKeys {
    if (keys === null) throw new AppError("starting");
    return keys;
  }

  function address(): BrokerAddress | null {
    return isReady && process !== null ? process.address : null;
  }

  async function loadKeys(): Promise<BrokerKeys> {
    const text = await deps.store.load();
    if (text !== null) return parseBrokerKeys(text);
    const minted = mintBrokerKeys(deps.random, nowSeconds());
    await deps.store.save(JSON.stringify(minted));
    return minted;
  }

  function launch(): Promise<NatsProcess> {
    return startNatsProcess(
      {
        paths,
        binary: deps.binary,
        config: () =>
          brokerConfig(
            paths,
            loaded().operatorJwt,
            systemAccount(loaded(), nowSeconds()),
            mainAccount(loaded(), nowSeconds()),
          ),
        searchPath: deps.searchPath,
        onLine,
        onViolation: deps.onViolation,
        clock,
        log,
      },
      stopping.signal,
    );
  }

  function onLine(line: string): void {
    // It never again writes to a stream whose disk was full once, however much room there is.
    if (isStoreFailure(line)) storeFailed = true;
    if (/\[(ERR|FTL)\]/.test(line)) log.warn("Broker", { reason: line });
    else log.debug("Broker", { reason: line });
  }

  /** Ends a broker that cannot write any more, once a new one can. */
  function mend(): void {
    if (!storeFailed || freeBytes(paths.root) < roomBytes) return;
    storeFailed = false;
    log.warn("The broker could not write to its disk and is started anew");
    void process?.stop();
  }

  /**
   * Starts the process and the connection to its system account. Only then is its address told: no agent is let in
   * before revocations are in force and its coming is heard.
   */
  async function bringUp(): Promise<void> {
    const started = await launch();
    process = started;
    const limit = new AbortController();
    const ready = await Promise.race([
      system.start().then(() => true),
      started.ended.then(() => false),
      delay(clock, readyLimitMs, limit.signal).then(() => false),
      aborted(stopping.signal).then(() => false),
    ]);
    limit.abort();
    if (!ready) {
      await tearDown();
      throw new BrokerError(
        "broker_start_failed",
        "The broker runs but does not accept this server's keys.",
      );
    }
    const { pid, version } = started;
    log.info("The broker runs", { pid, version });
    isReady = true;
  }

  async function tearDown(): Promise<void> {
    isReady = false;
    await system.stop();
    await process?.stop();
    process = null;
  }

  /** Restarts the broker whenever it ends, until we stop it. */
  async function supervise(): Promise<void> {
    let wait = firstDelayMs;
    let since = clock.now();
    while (!stopping.signal.aborted) {
      await Promise.race([process?.ended, aborted(stopping.signal)]);
      if (stopping.signal.aborted) break;
      if (clock.now() - since >= steadyMs) wait = firstDelayMs;
      log.error("The broker ended unexpectedly", { delay_ms: wait });
      await tearDown();
      await delay(clock, wait, stopping.signal);
      if (stopping.signal.aborted) break;
      wait = Math.min(wait * 2, longestDelayMs);
      since = clock.now();
      try {
        await bringUp();
      } catch (error) {
        log.error("The broker cannot be started", { error });
      }
    }
    await tearDown();
  }

  return {
    async start() {
      stopping = new AbortController();
      keys = await loadKeys();
      await bringUp();
      const stopMending = every(clock, mendMs, mend);
      supervised = supervise().finally(stopMending);
    },
    async stop() {
      stopping.abort();
      await supervised;
    },
    address,
    issueAgentJwt: (nkey, hostId, expiresAt) =>
      agentJwt(loaded(), nowSeconds(), {
        nkey,
        hostId,
        expiresAt: Math.floor(expiresAt / 1000),
      }),
    agentSigner: () => agentSigner(loaded()),
    revokedAt: (nkey) => {
      const second = loaded().revocations[nkey];
      return second === undefined ? null : second * 1000;
    },
    async revokeAgent(nkey) {
      // NATS knows a revocation of "*", which would cut the server itself.
      if (decodeNkey("user", nkey) === null)
        throw new RangeError("The agent's nkey is not a user key (U…).");
      const now = nowSeconds();
      const current = Object.entries(loaded().revocations).filter(
        ([, at]) => now - at <= agentJwtLife,
      );
      // A JWT issued after a revocation of this very second names the next one.
      const before = loaded().revocations[nkey] ?? 0;
      const at = Math.max(now, before + 1);
      keys = {
        ...loaded(),
        revocations: Object.fromEntries([...current, [nkey, at]]),
      };
      await deps.store.save(JSON.stringify(keys));
      await system.pushAccount();
    },
    hostOf(connection) {
      const [pid, cid] = connection.split("/").map(Number);
      return pid === process?.pid && cid !== undefined
        ? system.hostOf(cid)
        : null;
    },
    controlPlane: () =>
      serverCredentials(loaded(), deps.random, nowSeconds(), "control-plane"),
  };
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
