import type { JobKind } from "@restic-manager/shared/domain/job.ts";
import type { Retention } from "@restic-manager/shared/domain/source.ts";
import type {
  Command,
  MaintenanceSecret,
} from "@restic-manager/shared/protocol/command.ts";
import { createTestBackups, setUpBody } from "./test-backups.ts";
import { settle } from "./test-endpoint.ts";
import type { TestEndpoint } from "./test-endpoint.ts";

export type TestUpkeep = Awaited<ReturnType<typeof createTestUpkeep>>;

/** One host that is set up, with what it takes to look after its repository. */
export async function createTestUpkeep() {
  const server = await createTestBackups();
  const nas = await server.addHost(1, "nas");
  const saved = await server.setUp(nas);
  nas.received.length = 0;
  // Weeks pass here.
  const expires_at = "2100-01-01T00:00:00.000Z";
  await server.db.updateTable("sessions").set({ expires_at }).execute();
  const repositoryId: string = saved.repository.id;
  const base = `/api/repositories/${repositoryId}`;
  let snapshots = 0;

  const post = (what: string, body: object = {}) =>
    server.call("POST", `${base}/${what}`, body);

  return {
    ...server,
    nas,
    repositoryId,
    groupId: saved.group_id as string,
    base,
    post,
    keep: (retention: Retention, groupId = saved.group_id) =>
      server.call("PUT", `/api/sources/${groupId}`, {
        ...setUpBody().source,
        retention,
      }),
    setAdmin: (spec: object = {}) =>
      server.call("PUT", `${base}/admin-credential`, spec),
    repository: async () => (await server.call("GET", base)).body,
    maintenance: async () =>
      (await server.call("GET", `${base}/maintenance`)).body,
    settings: async (over: object) => {
      const path = `${base}/maintenance`;
      const { settings } = (await server.call("GET", path)).body;
      return server.call("PUT", path, { ...settings, ...over });
    },
    job: async (id: string) =>
      (await server.call("GET", `/api/jobs/${id}`)).body,
    /** Kind and state of every job, the oldest first. */
    jobs: async () =>
      (
        await server.db
          .selectFrom("jobs")
          .select(["kind", "status"])
          .orderBy("queued_at")
          .orderBy("id")
          .execute()
      ).map(({ kind, status }) => `${kind} ${status}`),
    /** Lets the clock be `at`, and whatever is due then happen. */
    async passTo(at: string) {
      server.clock.set(Date.parse(at) - 60_000);
      for (const ms of [0, 60_000]) {
        await server.clock.advance(ms);
        await settle();
      }
    },
    /** Hosts the server has noticed to be away. */
    async leave(host: TestEndpoint) {
      host.disconnect();
      await server.db
        .updateTable("hosts")
        .set({ status: "offline" })
        .where("id", "=", host.hostId)
        .execute();
    },
    async comeBack(host: TestEndpoint) {
      host.connect();
      await server.db
        .updateTable("hosts")
        .set({ status: "online" })
        .where("id", "=", host.hostId)
        .execute();
    },
    /** What a host reports of a job it started or was given. */
    report(
      host: TestEndpoint,
      kind: "job.started" | "job.done",
      job: { readonly id: string; readonly kind: JobKind },
      over: object = {},
    ) {
      const at = new Date(server.clock.now()).toISOString();
      const isDone = kind === "job.done";
      return host.report(kind, {
        job_id: job.id,
        kind: job.kind,
        actor: "user",
        schedule_id: null,
        source_group_id: job.kind === "backup" ? saved.group_id : null,
        repository_id: repositoryId,
        started_at: at,
        ...(isDone
          ? {
              outcome: "succeeded",
              finished_at: at,
              exit_code: 0,
              error: null,
              stats: null,
              log_lines: 0,
            }
          : { command: `restic ${job.kind}` }),
        ...over,
      });
    },
    newJob: (kind: JobKind) => ({
      id: `01J00000000000000000000${String(++snapshots).padStart(3, "0")}`,
      kind,
    }),
  };
}

/** What a host was told to do, and what it was given for it. */
export function startsOf(host: TestEndpoint) {
  return host.received
    .filter(({ verb }) => verb === "job.start")
    .map((command) => ({ ...(command.p as { kind: string }), command }));
}

export function secretOf(
  host: TestEndpoint,
  command: Command | undefined,
): MaintenanceSecret {
  const { box = "" } = (command?.p ?? {}) as { box?: string };
  return host.open("job", command?.id ?? "", box);
}

export const refusalOf = (answer: {
  readonly status: number;
  readonly body: { readonly code?: string };
}) => [answer.status, answer.body.code];

/** Gives the host's group a policy, and its repository an access that may delete. */
export async function allowForget(server: TestUpkeep): Promise<void> {
  await server.keep({ daily: 7 });
  await server.setAdmin({ username: "admin", user_password: "may delete" });
  server.nas.received.length = 0;
}

export const failed = (code: string, message = "It did not work.") => ({
  outcome: "failed",
  exit_code: 1,
  error: { code, message },
});
