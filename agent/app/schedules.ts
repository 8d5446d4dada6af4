import type { Clock } from "@restic-manager/shared/clock.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import type { BackupRequest } from "../commands/job-store.ts";
import type { Jobs } from "../commands/jobs.ts";
import type { Outbox } from "../link/outbox.ts";
import type { Random } from "../random.ts";
import { createFires, type Fires } from "../schedule/fires.ts";
import { createNextFireStore } from "../schedule/next-fire-store.ts";
import { createOpenFireStore } from "../schedule/open-fire-store.ts";
import { createScheduler, type Scheduler } from "../schedule/scheduler.ts";
import type { StateDb } from "../state-db.ts";

export interface SchedulesDeps {
  readonly db: StateDb;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly configuration: { current(): ConfigBundle | null };
  readonly tz: () => string;
  readonly backupOf: Jobs["backupOf"];
  readonly startBackup: (request: BackupRequest) => void;
  readonly onPlanned: () => void;
}

/** What this host does by itself. */
export interface Schedules
  extends Pick<Scheduler, "set" | "preview">, Pick<Fires, "ended"> {
  start(): void;
  stop(): void;
}

/** Of a source group that is not configured any more. */
const noRetry = { max: 0, backoff_s: 60 };

/** Puts together what fires and what comes of it. */
export function createSchedules(deps: SchedulesDeps): Schedules {
  const { db, random, outbox, configuration } = deps;
  const { transaction } = outbox;
  const fires = createFires({
    ...deps,
    transaction,
    store: createOpenFireStore(db),
    policy: (groupId) =>
      configuration.current()?.groups.find(({ id }) => id === groupId)?.retry ??
      noRetry,
    report: (missed) => outbox.put("sched.missed", missed),
    startBackup({ scheduleId, groupId }, dueAt) {
      const job_id = random.id();
      deps.startBackup({
        job_id,
        kind: "backup",
        actor: "schedule",
        schedule_id: scheduleId,
        source_group_id: groupId,
        due_at: dueAt,
      });
      return job_id;
    },
  });
  const scheduler = createScheduler({
    ...deps,
    transaction,
    store: createNextFireStore(db),
    onFire: fires.fire,
  });

  return {
    set(schedules) {
      fires.set(schedules);
      scheduler.set(schedules);
    },
    preview: scheduler.preview,
    ended: fires.ended,
    start() {
      // What was missed makes up for what waits for another attempt.
      scheduler.start();
      fires.start();
    },
    stop() {
      scheduler.stop();
      fires.stop();
    },
  };
}
