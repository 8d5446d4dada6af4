import type {
  FleetSummary,
  HostRow,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { LiveTopic } from "@restic-manager/shared/api/live.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type { Alert, AlertCounts } from "@restic-manager/shared/api/alerts.ts";
import type { Cancel, Clock } from "@restic-manager/shared/clock.ts";
import type {
  JobProgress,
  LogLine,
} from "@restic-manager/shared/domain/job.ts";
import type { Log } from "@restic-manager/shared/log.ts";
import { apiErrors } from "@restic-manager/shared/api/errors.ts";
import type { DomainEvent, Events } from "../events.ts";
import type { Random } from "../random.ts";
import type { LiveHub } from "./live-hub.ts";
import { createPacer } from "./pacer.ts";

/** How the stream reads what it tells; null or left out when it is gone. */
export interface LiveViews {
  hosts(ids: readonly string[]): Promise<HostRow[]>;
  revisions(
    hostIds: readonly string[],
  ): Promise<{ id: string; cfg_rev: number; applied_cfg_rev: number }[]>;
  pending(): Promise<PendingHost[]>;
  summary(): Promise<FleetSummary>;
  job(id: string): Promise<Job | null>;
  alert(id: string): Promise<Alert | null>;
  alertCounts(): Promise<AlertCounts>;
  repository(
    id: string,
  ): Promise<{ repository: Repository; host_ids: string[] } | null>;
  hostsOfRepository(id: string): Promise<string[]>;
}

const entityMs = 250;
const summaryMs = 1000;
const progressMs = 1000;
const logMs = 100;
const frameCharacters = 60 * 1024;
/** Lines waiting for their frame; beyond it the oldest are left out, and the page fetches them by number. */
const waitingCharacters = 1024 * 1024;
/** Hosts read in one go: a whole fleet may come back within a second. */
const hostsAtOnce = 500;

type Changes =
  | "hosts"
  | "revisions"
  | "pending"
  | "jobs"
  | "repositories"
  | "snapshots"
  | "alerts"
  | "channels";

/**
 * Turns domain events into live events, slowly enough for people: however often something changes, each host, job and
 * repository is told at most four times a second, progress once a second, and log lines in ten frames a second. The
 * first change after a quiet time is told at once. Nothing is read while nobody listens.
 */
export function startLiveFeed(deps: {
  readonly events: Pick<Events, "on">;
  readonly hub: LiveHub;
  readonly views: LiveViews;
  readonly random: Pick<Random, "id">;
  readonly clock: Clock;
  readonly log: Log;
}): Cancel {
  const { hub, views, clock } = deps;
  const changed: Record<Changes, Set<string>> = {
    hosts: new Set(),
    revisions: new Set(),
    pending: new Set(),
    jobs: new Set(),
    repositories: new Set(),
    snapshots: new Set(),
    alerts: new Set(),
    channels: new Set(),
  };
  const progress = new Map<string, JobProgress>();
  const lines = new Map<string, LogLine[]>();

  function take(of: Changes): string[] {
    const taken = [...changed[of]];
    changed[of].clear();
    return taken;
  }

  const tell: Record<Changes, () => Promise<void>> = {
    async hosts() {
      const ids = take("hosts");
      for (let i = 0; i < ids.length; i += hostsAtOnce) {
        const rows = await views.hosts(ids.slice(i, i + hostsAtOnce));
        for (const host of rows)
          hub.publish("fleet", { type: "host.changed", host });
      }
    },
    async revisions() {
      for (const host of await views.revisions(take("revisions"))) {
        const { id: host_id, cfg_rev, applied_cfg_rev } = host;
        hub.publish("fleet", {
          type: "host.config",
          host_id,
          cfg_rev,
          applied_cfg_rev,
        });
      }
    },
    async pending() {
      take("pending");
      const pending = await views.pending();
      hub.publish("fleet", { type: "pending.changed", pending });
    },
    async jobs() {
      for (const id of take("jobs")) {
        const job = await views.job(id);
        if (job === null) continue;
        hub.publish("fleet", { type: "job.changed", job });
        hub.publish(`job:${id}`, { type: "job.changed", job });
      }
    },
    async repositories() {
      for (const id of take("repositories")) {
        const view = await views.repository(id);
        if (view !== null)
          hub.publish("fleet", { type: "repository.changed", ...view });
      }
    },
    async snapshots() {
      for (const repository_id of take("snapshots")) {
        const host_ids = await views.hostsOfRepository(repository_id);
        hub.publish("fleet", {
          type: "snapshots.changed",
          repository_id,
          host_ids,
        });
      }
    },
    async alerts() {
      const ids = take("alerts");
      const counts = await views.alertCounts();
      for (const id of ids) {
        const alert = await views.alert(id);
        if (alert !== null)
          hub.publish("fleet", { type: "alert.changed", alert, counts });
      }
    },
    async channels() {
      take("channels");
      hub.publish("fleet", { type: "channels.changed" });
    },
  };

  function tellProgress(job_id: string): void {
    const latest = progress.get(job_id);
    progress.delete(job_id);
    if (latest !== undefined)
      hub.publish(`job:${job_id}`, {
        type: "job.progress",
        job_id,
        progress: latest,
      });
  }

  function tellLines(job_id: string): void {
    const waiting = lines.get(job_id) ?? [];
    const frame = waiting.splice(0, countWithin(waiting, frameCharacters));
    if (waiting.length === 0) lines.delete(job_id);
    else log.poke(job_id);
    if (frame.length > 0)
      hub.publish(`job:${job_id}`, { type: "job.log", job_id, lines: frame });
  }

  function addLines(jobId: string, added: readonly LogLine[]): void {
    const waiting = lines.get(jobId) ?? [];
    waiting.push(...added);
    const kept = countWithin(waiting.toReversed(), waitingCharacters);
    waiting.splice(0, waiting.length - kept);
    lines.set(jobId, waiting);
    log.poke(jobId);
  }

  /** A stream that cannot go on says so, by an id that the log has too. */
  function failed(error: unknown, topic: LiveTopic): void {
    const request_id = deps.random.id();
    deps.log.error("The live stream could not read what it tells", {
      request_id,
      error,
    });
    hub.publish(topic, {
      type: "error",
      code: "internal",
      message: apiErrors.internal[1],
      request_id,
    });
  }

  const entities = createPacer<Changes>(
    clock,
    entityMs,
    (of) => tell[of](),
    (error) => failed(error, "fleet"),
  );
  const summary = createPacer<"summary">(
    clock,
    summaryMs,
    async () =>
      hub.publish("fleet", {
        type: "summary.changed",
        summary: await views.summary(),
      }),
    (error) => failed(error, "fleet"),
  );
  const paced = createPacer(clock, progressMs, tellProgress, (error, id) =>
    failed(error, `job:${id}`),
  );
  const log = createPacer(clock, logMs, tellLines, (error, id) =>
    failed(error, `job:${id}`),
  );

  function note(of: Changes, id: string): void {
    changed[of].add(id);
    entities.poke(of);
  }

  function hear(event: DomainEvent): void {
    const toFleet = hub.wants("fleet");
    switch (event.type) {
      case "host.changed":
        if (!toFleet) return;
        note("hosts", event.hostId);
        return summary.poke("summary");
      case "host.removed":
        if (!toFleet) return;
        hub.publish("fleet", { type: "host.removed", host_id: event.hostId });
        return summary.poke("summary");
      case "host.configured":
        return toFleet ? note("revisions", event.hostId) : undefined;
      case "pending.changed":
        return toFleet ? note("pending", "") : undefined;
      case "repository.changed":
        return toFleet ? note("repositories", event.repositoryId) : undefined;
      case "snapshots.changed":
        if (!toFleet) return;
        note("snapshots", event.repositoryId);
        return summary.poke("summary");
      case "job.changed":
        if (toFleet || hub.wants(`job:${event.jobId}`))
          note("jobs", event.jobId);
        return toFleet ? summary.poke("summary") : undefined;
      case "job.progress":
        if (!hub.wants(`job:${event.jobId}`)) return;
        progress.set(event.jobId, event.progress);
        return paced.poke(event.jobId);
      case "job.log":
        return hub.wants(`job:${event.jobId}`)
          ? addLines(event.jobId, event.lines)
          : undefined;
      case "alert.changed":
        return toFleet ? note("alerts", event.alertId) : undefined;
      case "channels.changed":
        return toFleet ? note("channels", "") : undefined;
      case "host.outdated":
      case "session.ended":
        return;
    }
  }

  const pacers = [entities, summary, paced, log];
  const stopHearing = deps.events.on(hear);
  return () => {
    stopHearing();
    for (const pacer of pacers) pacer.stop();
  };
}

/** How many lines from the front fit into that many characters; at least one. */
function countWithin(lines: readonly LogLine[], characters: number): number {
  let left = characters;
  for (const [i, line] of lines.entries()) {
    left -= line.l.length + 80;
    if (left < 0 && i > 0) return i;
  }
  return lines.length;
}
