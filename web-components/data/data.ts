import type { VersionInfo } from "@restic-manager/shared/api/auth.ts";
import type { Clock } from "@restic-manager/shared/clock.ts";
import type { ReadableAtom } from "nanostores";
import { createAlertsStore, type AlertsStore } from "./alerts.ts";
import { createChannelsStore, type ChannelsStore } from "./channels.ts";
import { createHostsStore, type HostsStore } from "./hosts.ts";
import { createHttp } from "./http.ts";
import { createJobLog, type JobLog } from "./job-log.ts";
import { createProgressStore, type ProgressStore } from "./job-progress.ts";
import { createJobsStore, type JobsStore } from "./jobs.ts";
import { createLive, type Live } from "./live.ts";
import { eventStreamLink } from "./live-event-stream.ts";
import { webSocketLink } from "./live-link.ts";
import { createReposStore, type ReposStore } from "./repos.ts";
import { createSchedulesStore, type SchedulesStore } from "./schedules.ts";
import { createSessionStore, type SessionStore } from "./session.ts";
import { createTokensStore, type TokensStore } from "./tokens.ts";

/** Everything a page may ask of the server. */
export interface Data {
  readonly live: Live;
  readonly session: SessionStore;
  readonly hosts: HostsStore;
  readonly jobs: JobsStore;
  readonly progress: ProgressStore;
  readonly repos: ReposStore;
  readonly schedules: SchedulesStore;
  readonly tokens: TokensStore;
  readonly alerts: AlertsStore;
  readonly channels: ChannelsStore;
  jobLog(jobId: string, after: number): ReadableAtom<JobLog>;
  version(): Promise<VersionInfo>;
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
    schedules: createSchedulesStore(deps),
    tokens: createTokensStore(deps),
    alerts: createAlertsStore(deps),
    channels: createChannelsStore(deps),
    jobLog: (jobId, after) => createJobLog(deps, jobId, after),
    version: () => http.get<VersionInfo>("/api/version"),
  };
}
