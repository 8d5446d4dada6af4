import type { Alert, AlertList } from "@restic-manager/shared/api/alerts.ts";
import type { Channel } from "@restic-manager/shared/api/channels.ts";
import { createHttpPost } from "../adapters/http-post.ts";
import { systemClock } from "../clock.ts";
import { createAlertsFeature } from "../features/alerts/feature.ts";
import { isOverdue } from "../features/alerts/overdue.ts";
import { createChannelsFeature } from "../features/channels/feature.ts";
import { createRetentionStates } from "../features/repos/retention.ts";
import { nextRun } from "../features/schedules/next-run.ts";
import { createTestApi } from "./test-api.ts";
import { createTestBackups } from "./test-backups.ts";
import { settle, type TestEndpoint } from "./test-endpoint.ts";

export type TestAlerts = Awaited<ReturnType<typeof createTestAlerts>>;

const minuteMs = 60_000;
const baseUrl = "https://backup.example.org";

/** Backups with alerts and channels over them: time is told, what is sent to receivers is really sent. */
export async function createTestAlerts() {
  const world = await createTestBackups();
  const { clock } = world;
  const config = { baseUrl, offlineAfter: 90_000 };
  const post = createHttpPost(systemClock);
  const channels = createChannelsFeature({ ...world, post, config });
  const { notices } = channels;
  const retention = createRetentionStates((waiting, now) =>
    isOverdue(waiting, now, nextRun),
  );
  const parts = { ...world, notices, nextRun, retention, config };
  const alerts = createAlertsFeature(parts);
  const api = createTestApi(world, {
    routes: [...alerts.routes, ...channels.routes],
  });

  async function call(
    method: string,
    path: string,
    body: object = {},
    who?: Awaited<ReturnType<typeof api.as>>,
  ) {
    // A session ends with its day, and days pass here.
    const headers = who ?? (await api.as("admin"));
    const response =
      method === "GET"
        ? await api.request(path, { headers })
        : await api.send(method, path, body, headers);
    const text = await response.text();
    // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, field by field
    const answer: any = text === "" ? null : JSON.parse(text);
    return { status: response.status, body: answer };
  }

  let jobs = 0;
  return {
    ...world,
    api,
    call,
    channels,
    alerts: alerts.alerts,
    /** Begins to look and to send; the returned function ends both, as a stop of the server would. */
    start() {
      const stops = [channels.start(), alerts.start()];
      return () => {
        for (const stop of stops) stop();
      };
    },
    /** Time passes, and whatever is under way arrives: a look at everything takes longer than a step of the clock. */
    async pass(ms: number) {
      const slowly = Math.min(ms, 3 * minuteMs);
      await clock.advance(ms - slowly);
      await settle();
      for (let left = slowly; left > 0; left -= minuteMs) {
        await clock.advance(Math.min(left, minuteMs));
        await settle();
      }
    },
    list: async (query = "") =>
      ((await call("GET", `/api/alerts?${query}`)).body as AlertList)
        .alerts satisfies Alert[],
    addChannel: async (spec: object) =>
      (await call("POST", "/api/channels", spec)).body as Channel,
    /** A backup of a group ends on its host, a second ago. */
    async backup(
      host: TestEndpoint,
      group: { group_id: string; repository: { id: string } },
      over: object = {},
    ): Promise<string> {
      const job_id = world.random.id();
      const at = new Date(clock.now() - 1000 + jobs++).toISOString();
      await host.report("job.done", {
        job_id,
        kind: "backup",
        actor: "schedule",
        schedule_id: null,
        source_group_id: group.group_id,
        repository_id: group.repository.id,
        started_at: at,
        finished_at: at,
        outcome: "succeeded",
        exit_code: 0,
        error: null,
        stats: null,
        log_lines: 0,
        ...over,
      });
      return job_id;
    },
  };
}

export const failing = (
  message = "It did not work.",
  code = "restic_failed",
) => ({ outcome: "failed", exit_code: 1, error: { code, message } });

export const incomplete = (message: string) => ({
  outcome: "succeeded_with_issues",
  exit_code: 3,
  error: { code: "source_partly_missing", message },
});
