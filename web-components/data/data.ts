import type { VersionInfo } from "@restic-manager/shared/api/auth.ts";
import type { KitBody } from "@restic-manager/shared/api/kit.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { ReadableAtom } from "nanostores";
import { createAlertsStore, type AlertsStore } from "./alerts.ts";
import { createChannelsStore, type ChannelsStore } from "./channels.ts";
import { createHostsStore, type HostsStore } from "./hosts.ts";
import { createHooksStore, type HooksStore } from "./hooks.ts";
import { createHttp } from "./http.ts";
import { createJobLog, type JobLog, type LogFilter } from "./job-log.ts";
import { createProgressStore, type ProgressStore } from "./job-progress.ts";
import { createJobsStore, type JobsStore } from "./jobs.ts";
import { createLive, type Live } from "./live.ts";
import { eventStreamLink } from "./live-event-stream.ts";
import { webSocketLink } from "./live-link.ts";
import {
  createMaintenanceStore,
  type MaintenanceStore,
} from "./maintenance.ts";
import { createReposStore, type ReposStore } from "./repos.ts";
import { createRestoresStore, type RestoresStore } from "./restores.ts";
import { createSchedulesStore, type SchedulesStore } from "./schedules.ts";
import { createSessionStore, type SessionStore } from "./session.ts";
import { createSourcesStore, type SourcesStore } from "./sources.ts";
import { createTokensStore, type TokensStore } from "./tokens.ts";
import { createTreesStore, type TreesStore } from "./trees.ts";

/** Everything a page may ask of the server. */
export interface Data {
  readonly live: Live;
  readonly session: SessionStore;
  readonly hosts: HostsStore;
  readonly jobs: JobsStore;
  readonly progress: ProgressStore;
  readonly repos: ReposStore;
  readonly restores: RestoresStore;
  readonly maintenance: MaintenanceStore;
  readonly sources: SourcesStore;
  readonly schedules: SchedulesStore;
  readonly hooks: HooksStore;
  readonly tokens: TokensStore;
  readonly trees: TreesStore;
  readonly alerts: AlertsStore;
  readonly channels: ChannelsStore;
  jobLog(
    jobId: string,
    after: number,
    filter?: LogFilter,
  ): ReadableAtom<JobLog>;
  version(): Promise<VersionInfo>;
  recoveryKit(body: KitBody): Promise<File>;
}

export function createData(clock: Clock): Data {
  const http = createHttp({
    csrfToken: () => {
      const current = session.get();
      return current.state === "ready" ? current.value.csrf_token : null;
    },
    onUnauthenticated: () => void session.refresh(),
  });
  const session: SessionStore = createSessionStore(http);
  const live = createLive({
    webSocket: webSocketLink(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`,
    ),
    eventStream: eventStreamLink(),
    clock,
    random: Math.random,
    onLost: () => void session.refresh(),
  });
  const deps = { http, live };
  return {
    live,
    session,
    hosts: createHostsStore(deps),
    jobs: createJobsStore(deps),
    progress: createProgressStore(live),
    repos: createReposStore(deps),
    restores: createRestoresStore(deps),
    maintenance: createMaintenanceStore(deps),
    sources: createSourcesStore(deps),
    schedules: createSchedulesStore(deps),
    hooks: createHooksStore(deps),
    tokens: createTokensStore(deps),
    trees: createTreesStore(deps),
    alerts: createAlertsStore(deps),
    channels: createChannelsStore(deps),
    jobLog: (jobId, after, filter) => createJobLog(deps, jobId, after, filter),
    recoveryKit: (body) => http.download("/api/kit", body),
    version: () => http.get<VersionInfo>("/api/version"),
  };
}
