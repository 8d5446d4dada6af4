import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  EventEnvelope,
  JobDone,
  LogBatch,
} from "@restic-manager/shared/protocol/event.ts";
import type {
  LogLine,
  MaintenanceKind,
} from "@restic-manager/shared/domain/job.ts";
import type {
  Bandwidth,
  CommandAnswer,
  MaintenanceSecret,
  RestoreSecret,
} from "@restic-manager/shared/protocol/command.ts";
import type { AgentConfig } from "../config.ts";
import {
  approve,
  identityIn,
  startAgent,
  type AgentProcess,
} from "./agent-process.ts";
import { realRestic, resticPath, type RealRestic } from "./programs.ts";
import {
  startTestServer,
  type SentBundle,
  type TestServer,
} from "./test-server.ts";
import { until } from "./until.ts";

export const repositoryId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
export const groupId = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

const sealPurposes = {
  "restore.check": "restore-check",
  "dump.start": "dump",
  "repo.key": "repo-key",
} as const;

interface StartOptions {
  readonly job_id?: string;
  readonly limits?: Bandwidth | undefined;
}

/** A test server, an approved agent as its own process, a real restic with a local repository, and files to back up. */
export interface Rig {
  readonly dir: string;
  readonly server: TestServer;
  readonly restic: RealRestic;
  readonly source: string;
  start(): AgentProcess;
  online(): Promise<void>;
  /** Configures one source group over `includes` (default: the whole source). */
  configure(
    change?: Partial<SentBundle["groups"][number]>,
    more?: Partial<SentBundle>,
  ): Promise<void>;
  runNow(limits?: Bandwidth): Promise<string>;
  /** Starts upkeep; what opens the repository is the rig's own access unless `secret` says otherwise. */
  upkeep(
    kind: MaintenanceKind,
    secret?: Partial<MaintenanceSecret>,
    jobId?: string,
  ): Promise<string>;
  /** Starts a restore of the newest snapshot into a new folder, unless `secret` says otherwise. */
  restore(secret?: Partial<RestoreSecret>, limits?: Bandwidth): Promise<string>;
  /** Gives a command whose secret is sealed for it alone. */
  sealed(
    verb: "restore.check" | "dump.start" | "repo.key",
    secret: Record<string, unknown>,
  ): Promise<CommandAnswer>;
  events(kind: string): EventEnvelope[];
  done(jobId: string): Promise<JobDone>;
  log(jobId: string): LogLine[];
  stop(): Promise<void>;
}

async function createRig(
  dir: string,
  config: Partial<AgentConfig> = {},
): Promise<Rig> {
  const server = await startTestServer(join(dir), identityIn(dir));
  approve(dir, server, config);
  const restic = realRestic(join(dir, "by-hand"));
  const source = join(dir, "source");
  mkdirSync(source);
  writeFileSync(join(source, "letter.txt"), "hello");
  const agents: AgentProcess[] = [];

  const events = (kind: string) =>
    server.events().filter((event) => event.kind === kind);
  const epochOf = () => String(server.hello()?.["epoch"]);

  /** Starts a job that brings what opens its repository. */
  async function startSealed(
    kind: MaintenanceKind | "restore",
    secret: object,
    { job_id = server.newId(), limits }: StartOptions = {},
  ): Promise<string> {
    const id = server.newId();
    const box = server.sealFor("job", id, { ...restic.repository, ...secret });
    const start = {
      job_id,
      kind,
      repository_id: repositoryId,
      actor: "user",
      cfg_rev: 1,
      epoch: epochOf(),
      limits,
      box,
    };
    const answer = await server.command("job.start", start, { id });
    if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
    return job_id;
  }

  const rig: Rig = {
    dir,
    server,
    restic,
    source,
    start() {
      const agent = startAgent(dir);
      agents.push(agent);
      return agent;
    },
    online: () => until("the greeting", () => server.hello() !== null),
    async configure(change = {}, more = {}) {
      const rev = server.configure({
        repositories: [
          { id: repositoryId, name: "local", ...restic.repository },
        ],
        groups: [
          {
            id: groupId,
            name: "default",
            repository_id: repositoryId,
            includes: [source],
            excludes: [],
            options: { exclude_caches: false, one_file_system: false },
            retention: {},
            ...change,
          },
        ],
        schedules: [],
        addresses: [],
        ...more,
      });
      await until("the agent", async () => {
        const answer = await server
          .command("cfg.changed", { rev })
          .catch(() => null);
        return answer?.ok === true;
      });
    },
    async runNow(limits) {
      const job_id = server.newId();
      const answer = await server.command("job.start", {
        job_id,
        kind: "backup",
        source_group_id: groupId,
        cfg_rev: 1,
        epoch: epochOf(),
        limits,
      });
      if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
      return job_id;
    },
    upkeep: (kind, secret = {}, job_id) =>
      startSealed(
        kind,
        { restic_id: null, ...secret },
        job_id === undefined ? {} : { job_id },
      ),
    async restore(secret = {}, limits) {
      const { output } = await restic.byHand("snapshots", "--json");
      const snapshots = JSON.parse(output) as { id: string }[];
      const wanted = {
        snapshot_id: snapshots.at(-1)?.id ?? "",
        paths: [source],
        target: { mode: "new_directory", path: join(dir, "restored") },
        overwrite: "if-changed",
        strip: null,
        total_bytes: null,
        ...secret,
      };
      return startSealed("restore", wanted, { limits });
    },
    sealed(verb, secret) {
      const id = server.newId();
      const box = server.sealFor(sealPurposes[verb], id, {
        ...restic.repository,
        ...secret,
      });
      return server.command(verb, { box }, { id });
    },
    events,
    async done(jobId) {
      const found = () =>
        events("job.done").find(
          (event) => (event.p as JobDone).job_id === jobId,
        );
      await until(`the end of ${jobId}`, () => found() !== undefined, 90_000);
      return found()?.p as JobDone;
    },
    log: (jobId) =>
      events("log")
        .map((event) => event.p as LogBatch)
        .filter((batch) => batch.job_id === jobId)
        .flatMap((batch) => batch.lines),
    async stop() {
      for (const agent of agents) agent.kill();
      await Promise.all(agents.map((agent) => agent.exited));
      await server.stop();
    },
  };
  return rig;
}

/** Makes a rig for one test in a folder of its own and takes it down afterwards. `slow` gives restic a slow way out. */
export function rigIn(tempDir: () => string) {
  return async (
    work: (rig: Rig) => Promise<void>,
    { slow = false, ...config }: Partial<AgentConfig> & { slow?: boolean } = {},
  ): Promise<void> => {
    const dir = tempDir();
    const rig = await createRig(
      dir,
      slow ? { restic_path: slowRestic(dir) } : config,
    );
    try {
      await work(rig);
    } finally {
      await rig.stop();
    }
  };
}

/** A restic in front of the real one that uploads slowly, so that there is time for something to happen. */
function slowRestic(dir: string): string {
  const path = join(dir, "restic");
  const script = `#!/bin/sh\nexec "${resticPath()}" --limit-upload 300 "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

/** Waits until a backup runs and holds its lock. */
export async function running({ restic }: Rig): Promise<void> {
  const locks = join(restic.repository.url, "locks");
  await until("the lock of a running backup", () =>
    readdirSync(locks).some((name) => name.length === 64),
  );
}

/** Whether numbers count from 1 without a hole. */
export function isCounting(numbers: readonly number[]): boolean {
  return numbers.every((n, i) => n === i + 1);
}

/** Adds incompressible files, so that a slow store takes a while. */
export function fill(folder: string, megabytes: number): void {
  for (let i = 0; i < megabytes * 16; i++)
    appendFileSync(
      join(folder, `block-${i % 8}`),
      crypto.getRandomValues(new Uint8Array(65_536)),
    );
}
