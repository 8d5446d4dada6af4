import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import type { Transaction } from "../ports/transaction.ts";
import { createNewAgent } from "../testing/features-world.ts";
import { found, setUpBody } from "../testing/test-backups.ts";
import { ok, settle } from "../testing/test-endpoint.ts";
import { createTestTokens, tokenBody } from "../testing/test-tokens.ts";
import type { TestTokens } from "../testing/test-tokens.ts";

/*
 * What happens at the same moment, in every order that fast-check finds: each transaction of the server begins when the
 * schedule says so. What must hold afterwards does not depend on the order.
 */

const runs = { numRuns: 25 };
const limit = 30_000;

/** Puts every transaction into the schedule from the moment `begin` is called. */
function arranger(schedule: fc.Scheduler) {
  let isOn = false;
  return {
    begin: () => void (isOn = true),
    arrange: (tx: Transaction): Transaction => ({
      async run(work) {
        if (isOn) await schedule.schedule(Promise.resolve(), "transaction");
        return tx.run(work);
      },
    }),
  };
}

type Doing = () => Promise<Response>;

/** Does all of it at once, in the order of the schedule, and returns the statuses. */
async function atOnce(
  prepare: (world: TestTokens) => Promise<readonly Doing[]>,
  check: (world: TestTokens, statuses: readonly number[]) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(fc.scheduler(), async (schedule) => {
    const { begin, arrange } = arranger(schedule);
    const world = await createTestTokens(arrange);
    const work = await prepare(world);
    begin();
    const running = Promise.all(work.map((start) => start()));
    const responses = await schedule.waitFor(running);
    // What an agent reports is stored when nobody waits for it any more.
    do {
      await schedule.waitAll();
      await settle();
    } while (schedule.count() > 0);
    await check(
      world,
      responses.map(({ status }) => status),
    );
    world.stop();
  });
  await fc.assert(property, runs);
}

const secrets = { password: "p", user_password: "u" };

/** A host that is set up, and what was made for it. */
async function setUpHost(world: TestTokens) {
  const agent = createNewAgent(world);
  const { token } = await world.make(tokenBody(secrets));
  const hostId = await world.join(agent, token);
  agent.onCommand("repo.test", () => ok(found()));
  await agent.connect(hostId);
  await settle();
  const [schedule, source, repository] = await Promise.all([
    world.db.selectFrom("schedules").select("id").executeTakeFirstOrThrow(),
    world.db.selectFrom("source_groups").select("id").executeTakeFirstOrThrow(),
    world.db.selectFrom("repositories").select("id").executeTakeFirstOrThrow(),
  ]);
  return { agent, hostId, schedule, source, repository };
}

async function count(
  world: TestTokens,
  table: "hosts" | "repositories" | "jobs" | "enrolment_tokens",
): Promise<number> {
  return (await world.db.selectFrom(table).select("id").execute()).length;
}

test(
  "a token that is used and revoked at the same moment makes a host or is refused, never both [TST-07] [RES-07]",
  () =>
    atOnce(
      async (world) => {
        const { id, token } = await world.make(tokenBody(secrets));
        const agent = createNewAgent(world);
        return [() => world.show(agent, token), () => world.revoke(id)];
      },
      async (world, [used, revoked]) => {
        const hosts = await count(world, "hosts");
        expect([used, revoked, hosts]).toEqual(
          hosts === 1 ? [200, 409, 1] : [403, 204, 0],
        );
        expect(await count(world, "repositories")).toBe(hosts);
      },
    ),
  limit,
);

test(
  "one token shown by three machines at the same moment lets one in [TST-07] [RES-07]",
  () =>
    atOnce(
      async (world) => {
        const { token } = await world.make(tokenBody(secrets));
        return [1, 2, 3].map(
          (number) => () => world.show(createNewAgent(world, number), token),
        );
      },
      async (world, statuses) => {
        expect(statuses.toSorted()).toEqual([200, 409, 409]);
        expect(await count(world, "hosts")).toBe(1);
        expect(await world.audited("token.refuse")).toHaveLength(2);
      },
    ),
  limit,
);

test(
  "every change of a host's configuration raises its revision, whatever else changes [TST-07] [RES-07]",
  async () => {
    let before = 0;
    await atOnce(
      async (world) => {
        const { schedule, source, repository } = await setUpHost(world);
        before = (await world.hosts())[0]?.cfg_rev ?? 0;
        const change =
          (method: string, path: string, body: object): Doing =>
          () =>
            world.send(method, path, body, world.admin);
        const spec = { name: "default", includes: ["/srv"] };
        return [
          change("PATCH", `/api/schedules/${schedule.id}`, { enabled: false }),
          change("PATCH", `/api/schedules/${schedule.id}`, {
            cron: "5 5 * * *",
          }),
          change("PUT", `/api/sources/${source.id}`, spec),
          change("PATCH", `/api/repositories/${repository.id}`, {
            password: "q",
          }),
          change("PATCH", `/api/repositories/${repository.id}`, { name: "r" }),
        ];
      },
      async (world, statuses) => {
        expect(statuses).toEqual([200, 200, 200, 200, 200]);
        expect((await world.hosts())[0]?.cfg_rev).toBe(before + 5);
        const [schedule] = await world.db
          .selectFrom("schedules")
          .select(["enabled", "cron"])
          .execute();
        expect(schedule).toEqual({ enabled: 0, cron: "5 5 * * *" });
      },
    );
  },
  limit,
);

test(
  "a host that is removed while somebody sets it up, runs a backup on it or changes it leaves nothing behind [TST-07] [RES-07]",
  () =>
    atOnce(
      async (world) => {
        const { hostId, schedule, source } = await setUpHost(world);
        const admin = world.admin;
        const path = `/api/hosts/${hostId}`;
        const job = { kind: "backup", source_group_id: source.id };
        const enabled = { enabled: false };
        return [
          () => world.send("DELETE", path, { name: "attic" }, admin),
          () => world.send("POST", `${path}/jobs`, job, admin),
          () =>
            world.send(
              "PATCH",
              `/api/schedules/${schedule.id}`,
              enabled,
              admin,
            ),
          () => world.send("POST", `${path}/setup`, setUpBody(), admin),
        ];
      },
      async (world, [removed, ...others]) => {
        expect(removed).toBe(200);
        expect(others).not.toContain(500);
        await settle();
        for (const table of ["hosts", "jobs", "repositories"] as const)
          expect([table, await count(world, table)]).toEqual([table, 0]);
      },
    ),
  limit,
);

test(
  "a job that ends while two people cancel it, and is reported twice, has ended as its agent says [TST-07] [RES-07]",
  () =>
    atOnce(
      async (world) => {
        const { agent, hostId, source } = await setUpHost(world);
        const path = `/api/hosts/${hostId}/jobs`;
        const body = { kind: "backup", source_group_id: source.id };
        const made = await world.send("POST", path, body, world.admin);
        const { id } = (await made.json()) as { id: string };
        const report = async (
          seq: number,
          kind: "job.started" | "job.done",
        ) => {
          const p = kind === "job.done" ? done(id) : started(id);
          const { text } = agent.event(seq, kind, p, { host: hostId });
          await world.bus
            .agent(hostId)
            .publish(topic.event(hostId, kind), text);
          return Response.json({});
        };
        const cancel = () =>
          world.send("POST", `/api/jobs/${id}/cancel`, {}, world.admin);
        return [
          cancel,
          () => report(2, "job.done"),
          cancel,
          () => report(1, "job.started"),
          () => report(2, "job.done"),
        ];
      },
      async (world, [one, , other]) => {
        expect([202, 409]).toContain(one ?? 0);
        expect([202, 409]).toContain(other ?? 0);
        const jobs = await world.db
          .selectFrom("jobs")
          .select(["status", "finished_at"])
          .execute();
        const { finished_at } = done("");
        expect(jobs).toEqual([{ status: "succeeded", finished_at }]);
      },
    ),
  limit,
);

const started = (job_id: string) => ({
  job_id,
  kind: "backup",
  actor: "user",
  schedule_id: null,
  source_group_id: null,
  repository_id: null,
  started_at: "2026-01-01T00:00:00.000Z",
  command: "restic backup",
});

function done(job_id: string) {
  const { command: _, ...job } = started(job_id);
  return {
    ...job,
    outcome: "succeeded",
    finished_at: "2026-01-01T00:00:05.000Z",
    exit_code: 0,
    error: null,
    stats: null,
    log_lines: 0,
  };
}
