import type { FailureCode } from "@restic-manager/shared/domain/failure.ts";
import { sealContext } from "@restic-manager/shared/identity/seal.ts";
import {
  configChanged,
  jobCancel,
  jobStart,
  maintenanceSecret,
  restoreSecret,
  type MaintenanceSecret,
  type RestoreSecret,
} from "@restic-manager/shared/protocol/command.ts";
import type { CommandVerb } from "@restic-manager/shared/protocol/topic.ts";
import { treeIndex } from "@restic-manager/shared/protocol/tree.ts";
import { FailureError } from "../failure-error.ts";
import { createDumpStart, type DumpDeps } from "./dump-start.ts";
import type { Configuration } from "../link/config-sync.ts";
import type { Credential } from "../link/credential.ts";
import { LinkError, type Connection } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ServerTime } from "../link/server-time.ts";
import { payloadOf, type CommandHandler } from "./dispatch.ts";
import type {
  BackupRequest,
  RestoreRequest,
  UpkeepRequest,
} from "./job-store.ts";
import type { Jobs } from "./jobs.ts";
import { createRepoKey } from "./repo-key.ts";
import { createRepoTest } from "./repo-test.ts";
import { createRestoreCheck, type RestoreCheckDeps } from "./restore-check.ts";
import { openBox } from "./sealed-box.ts";
import type { SeenCommands } from "./seen-commands.ts";

export interface HandlersDeps extends RestoreCheckDeps, DumpDeps {
  readonly configuration: Configuration;
  readonly outbox: Pick<Outbox, "epoch">;
  readonly jobs: Pick<Jobs, "cancel">;
  readonly startBackup: (request: BackupRequest) => void;
  readonly startUpkeep: (
    request: UpkeepRequest,
    secret: MaintenanceSecret,
  ) => void;
  readonly startRestore: (
    request: RestoreRequest,
    secret: RestoreSecret,
  ) => void;
  /** Puts a snapshot first in line to be indexed. Throws `FailureError`. */
  readonly indexSnapshot: (repositoryId: string, snapshotId: string) => void;
  readonly seen: SeenCommands;
  readonly time: Pick<ServerTime, "now" | "stamp">;
  readonly credential: Pick<Credential, "rotate">;
}

const rememberedMs = 7 * 24 * 3_600_000;

/** What each command does. */
export function createHandlers(
  deps: HandlersDeps,
): Record<CommandVerb, CommandHandler> {
  const { configuration, outbox, jobs } = deps;

  /** Without the wanted configuration a job would back up something else than what was ordered. */
  async function pull(connection: Connection, rev: number): Promise<void> {
    await configuration
      .pull(connection, rev)
      .catch(
        failingAs(
          "config_outdated",
          "The agent could not fetch its configuration",
        ),
      );
  }

  /** A server that lost an answer orders the job again by another command, also when it has ended here. */
  function onlyOnce(jobId: string): void {
    const now = deps.time.now();
    if (!deps.seen.remember(`job ${jobId}`, now + rememberedMs, now))
      throw new FailureError("command_repeated");
  }

  return {
    ping: async () => ({}),

    async "cfg.changed"(payload, { connection }) {
      const { rev } = payloadOf(configChanged, payload);
      await pull(connection, rev);
      return { rev: configuration.revision() };
    },

    async "job.start"(payload, { id, connection }) {
      const start = payloadOf(jobStart, payload);
      if (start.epoch !== outbox.epoch())
        throw new FailureError(
          "command_expired",
          "The command was meant for another run of this agent; try again.",
        );
      const { job_id, limits } = start;
      if (start.kind === "backup") {
        const { source_group_id } = start;
        await pull(connection, start.cfg_rev);
        const isKnown = configuration
          .current()
          ?.groups.some((group) => group.id === source_group_id);
        if (isKnown !== true) throw new FailureError("config_outdated");
        onlyOnce(job_id);
        deps.startBackup({
          job_id,
          kind: "backup",
          actor: "user",
          schedule_id: null,
          source_group_id,
          due_at: null,
          limits,
        });
        return {};
      }
      const { actor, repository_id, box } = start;
      const context = sealContext(deps.hostId, "job", id);
      const request = { job_id, actor, repository_id, limits };
      if (start.kind === "restore") {
        const { kind } = start;
        const secret = openBox(box, deps.agreement, context, restoreSecret);
        onlyOnce(job_id);
        deps.startRestore({ ...request, kind }, secret);
        return {};
      }
      const { kind } = start;
      const secret = openBox(box, deps.agreement, context, maintenanceSecret);
      onlyOnce(job_id);
      deps.startUpkeep({ ...request, kind }, secret);
      return {};
    },

    async "job.cancel"(payload) {
      const { job_id } = payloadOf(jobCancel, payload);
      if (jobs.cancel(job_id)) return {};
      throw new FailureError(
        "command_expired",
        "The agent does not run this job any more; its end is on the way.",
      );
    },

    async "tree.index"(payload) {
      const { repository_id, snapshot_id } = payloadOf(treeIndex, payload);
      deps.indexSnapshot(repository_id, snapshot_id);
      return {};
    },

    "repo.test": createRepoTest(deps),
    "restore.check": createRestoreCheck(deps),
    "dump.start": createDumpStart(deps),
    "repo.key": createRepoKey(deps),

    async "key.rotate"(_payload, { connection }) {
      await deps.credential
        .rotate(connection)
        .catch(failingAs("internal", "The key was not replaced"));
      return {};
    },
  };
}

/** Turns what goes wrong on the way to the server into the failure of a command. */
function failingAs(code: FailureCode, words: string) {
  return (error: unknown): never => {
    throw error instanceof LinkError
      ? new FailureError(code, `${words}: ${error.message}`)
      : error;
  };
}
