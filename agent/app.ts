import { delay, every, type Clock } from "@restic-manager/shared/clock.ts";
import { fingerprintOf } from "@restic-manager/shared/identity/fingerprint.ts";
import {
  fromBase64Url,
  publicKeyBytes,
  toBase64Url,
} from "@restic-manager/shared/identity/keys.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import { createSnapshotIndexing } from "./app/indexing.ts";
import { createSchedules } from "./app/schedules.ts";
import { createWork } from "./app/work.ts";
import { createDispatch } from "./commands/dispatch.ts";
import { createHandlers } from "./commands/handlers.ts";
import { createSeenCommands } from "./commands/seen-commands.ts";
import { readTrust, type AgentConfig } from "./config.ts";
import { createHookRunner } from "./hooks/run-hook.ts";
import type { StoredApproval } from "./identity/approval.ts";
import type { Identity } from "./identity/identity.ts";
import { createStanding } from "./identity/standing.ts";
import { createServerDoor } from "./identity/server-door.ts";
import { createAddresses } from "./link/addresses.ts";
import { createConfiguration } from "./link/config-sync.ts";
import { createCredential } from "./link/credential.ts";
import { keepConnected, type KeeperEnd } from "./link/keeper.ts";
import type { Connection } from "./link/link.ts";
import { createNatsLink } from "./link/nats-link.ts";
import { createOutbox } from "./link/outbox.ts";
import { createServerRequests } from "./link/server-requests.ts";
import { createServerTime } from "./link/server-time.ts";
import { runSession } from "./link/session.ts";
import { createTimekeeper } from "./link/timekeeper.ts";
import type { Env } from "./platform/env.ts";
import { hostFacts, timeZone, uptime } from "./platform/host-facts.ts";
import { homeFolder, type AgentPaths } from "./platform/paths.ts";
import { createSpawner } from "./platform/spawn.ts";
import { createRandom, type Random } from "./random.ts";
import { unlimited } from "./restic/args.ts";
import { createResticLocator } from "./restic/locate.ts";
import type { StopReason } from "./restic/exit-codes.ts";
import { createResticRunner } from "./restic/run.ts";
import { dropOldRepository } from "./secrets/old-repository.ts";
import { createSecretFile } from "./secrets/secret-file.ts";
import { adoptHost, openStateDb } from "./state-db.ts";
import { createMadeSnapshots } from "./trees/made-snapshots.ts";

export interface AgentDeps {
  readonly paths: AgentPaths;
  readonly assetsDir: string;
  readonly env: Env;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly config: AgentConfig;
  readonly identity: Identity;
  readonly approval: StoredApproval;
  /** Aborted to stop the agent in an orderly way. */
  readonly signal: AbortSignal;
}

const minute = 60_000;
/** How often the credential's age and the server's time are looked at. */
const lookAfterMs = 60 * minute;
/** How long results of the last moment are handed over before the agent ends. They are on disk in any case. */
const flushMs = 3_000;
const lookMs = 50;

/** The only composition root of the running agent. Resolves when it has stopped, with the reason. */
export async function runAgent(deps: AgentDeps): Promise<KeeperEnd> {
  const { paths, env, clock, random, config, assetsDir } = deps;
  const hostId = deps.approval.host_id;
  const log = deps.log.with({ host_id: hostId });
  const serverKey =
    publicKeyBytes(deps.approval.server_key) ?? new Uint8Array();
  const trust = readTrust(config.server_ca);
  const facts = () => hostFacts(clock, env);
  const hostname = () => facts().hostname;
  /** Ends what restic does, first. */
  const stopping = new AbortController();
  /** Ends the connection, after everything else has ended. */
  const offline = new AbortController();

  const db = openStateDb(paths.database);
  adoptHost(db, paths.secrets, hostId);
  const time = createServerTime(clock, uptime, db);
  const addresses = createAddresses(
    config.server,
    () => configuration.current()?.addresses ?? [],
  );
  const server = addresses.current;
  const door = createServerDoor({ server, trust, signal: offline.signal });
  const timekeeper = createTimekeeper({
    door,
    server: fingerprintOf(serverKey),
    clock,
    time,
    log,
  });
  // Several hosts may list one repository: the server's time orders their lists.
  const newRev = createRandom(time).id;
  const spawner = createSpawner({ tmpDir: paths.tmp });
  const restic = createResticLocator({
    spawner,
    env,
    assetsDir,
    binDir: paths.bin,
    mayExtract: true,
    override: config.restic_path,
  });
  const runner = createResticRunner({
    spawner,
    clock,
    env,
    tmpDir: paths.tmp,
    cacheDir: paths.cache,
    randomName: random.id,
    restic: restic.require,
    limits: () => configuration.current()?.limits ?? unlimited,
  });

  const standing = createStanding({
    paths,
    first: deps,
    door,
    server,
    clock,
    random,
    log,
    facts,
    restic: restic.info,
    signal: offline.signal,
  });
  const { sign, agreement } = standing;
  const outbox = createOutbox({ db, hostId, sign, time, random });

  let online: Connection | null = null;
  let handedOver = 0;
  const live = (jobId: string, progress: JobProgress) =>
    online?.publish(topic.live(hostId, jobId), JSON.stringify(progress));

  const requests = createServerRequests({ hostId, sign, serverKey, time });
  const credential = createCredential({
    hostId,
    requests,
    standing,
    time,
    clock,
    log,
  });
  const file = createSecretFile({
    path: paths.secrets,
    key: fromBase64Url(config.secrets_key) ?? new Uint8Array(),
    hostId,
    random,
  });
  const configuration = createConfiguration({
    hostId,
    agreement,
    requests,
    file,
    log,
    onApplied,
  });
  const schedules = createSchedules({
    db,
    clock,
    random,
    log,
    outbox,
    configuration,
    tz: () => timeZone(env),
    backupOf: (groupId) => jobs.backupOf(groupId),
    startBackup: (request) => startBackup(request),
    onPlanned: reportApplied,
  });

  const repositories = () => configuration.current()?.repositories ?? [];
  const restoring = {
    restic: restic.require,
    restoreHost: { home: homeFolder(env), platform: process.platform },
    tmpDir: paths.tmp,
  };
  const made = createMadeSnapshots();
  const work = createWork({
    ...restoring,
    db,
    clock,
    time,
    log,
    outbox,
    runner,
    hooks: createHookRunner({ spawner, clock, env }),
    configuration,
    hostname,
    live,
    newRev,
    snapshotMade: made.add,
    ended(done) {
      schedules.ended(done);
      indexing.jobEnded(done);
    },
    stopping: stopping.signal,
  });
  const { jobs, listings, recovered, startBackup } = work;
  const indexing = createSnapshotIndexing({
    db,
    clock,
    log,
    runner,
    requests,
    configuration,
    connection: () => online,
    isBusy: () => jobs.ids().length > 0,
    tmpDir: paths.tmp,
    foldersDir: paths.folders,
    made,
    stopping: stopping.signal,
  });
  const seen = createSeenCommands(db);

  const handlers = createHandlers({
    hostId,
    ...restoring,
    ...work,
    agreement,
    runner,
    configuration,
    outbox,
    sign,
    server,
    trust,
    clock,
    log,
    stopping: stopping.signal,
    indexSnapshot: indexing.ask,
    seen,
    time,
    credential,
  });
  const dispatch = createDispatch({
    hostId,
    serverKey,
    key: standing.identity,
    time,
    onUntimely: timekeeper.check,
    seen,
    log,
    handlers,
  });
  const session = {
    hostId,
    server,
    instance: toBase64Url(random.bytes(16)),
    sign,
    jwt: () => standing.approval().jwt,
    clock,
    random,
    log,
    time,
    requests,
    outbox,
    configuration,
    facts,
    restic: restic.info,
    runningJobs: jobs.ids,
    command: dispatch,
    memory: process.memoryUsage.rss,
    onHandedOver: (seq: number) => (handedOver = seq),
    onOnline,
    onOlderServer,
    renew: credential.renew,
  };

  const bundle = configuration.current();
  if (bundle !== null) {
    dropOldRepository(paths, config.secrets_key, bundle.repositories);
    schedules.set(bundle.schedules);
    reportApplied();
    // The end of this agent's last life may have come between a backup and its list.
    void recovered.then(listAll);
  }
  schedules.start();
  indexing.start();
  const stopLooking = every(clock, lookAfterMs, () => {
    renewIfAging();
    if (online !== null) timekeeper.check();
  });
  const keeping = keepConnected({
    link: createNatsLink({
      server,
      trust,
      hostId,
      key: standing.identity,
      jwt: () => standing.approval().jwt,
      log,
    }),
    clock,
    random,
    log,
    meet,
    session: (connection) => runSession(session, connection),
    recover: standing.recover,
    addresses,
    signal: offline.signal,
  });

  await Promise.race([keeping, aborted(deps.signal)]);
  schedules.stop();
  stopLooking();
  stopping.abort("agent_stopped" satisfies StopReason);
  await jobs.stop();
  await indexing.stop();
  await listings.ended();
  await flush();
  offline.abort();
  const end = await keeping;
  db.close();
  return end;

  async function meet(): Promise<void> {
    await timekeeper.ask();
    await standing.settle();
  }

  function listAll(): void {
    for (const repository of repositories()) void listings.list(repository);
  }

  function onOlderServer(): void {
    log.warn(
      "The server has an older database than before: it gets again what is still here, and new lists of snapshots",
    );
    listAll();
  }

  function onOnline(connection: Connection): void {
    online = connection;
    log.info("Connected to the server", { url: server() });
    void connection.closed.then(() => {
      if (online === connection) online = null;
      log.info("Disconnected from the server");
    });
    renewIfAging();
    indexing.wake();
  }

  function renewIfAging(): void {
    if (online === null || !standing.isAging(time.now())) return;
    void credential.renew(online);
  }

  function onApplied(next: ConfigBundle, before: ConfigBundle | null): void {
    dropOldRepository(paths, config.secrets_key, next.repositories);
    schedules.set(next.schedules);
    reportApplied();
    const known = new Set(before?.repositories.map(({ url }) => url));
    for (const repository of next.repositories)
      if (!known.has(repository.url)) void listings.list(repository);
  }

  function reportApplied(): void {
    outbox.put("cfg.applied", {
      rev: configuration.revision(),
      tz: timeZone(env),
      schedules: schedules.preview(),
    });
  }

  async function flush(): Promise<void> {
    const until = clock.now() + flushMs;
    const waits = () => outbox.depth() > 0 && handedOver < outbox.lastSeq();
    while (online !== null && waits() && clock.now() < until)
      await delay(clock, lookMs);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
