import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { type Agent, approvedHost, enrolAgent, online } from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import { jobsOf, repositoryPassword, setUp } from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { snapshotsByHand, writeFiles } from "./rig/repository.ts";
import { type Server, startServer } from "./rig/server.ts";
import type { Host, Schedule } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const minute = 60_000;

test(
  "an approved host has a daily schedule at night, which can be moved and switched off [SCH-06]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const { host } = await hostWithRepository(lab, server, api, "one");

    const daily = await applied(api, host, () => true);
    expect(daily.cron).toMatch(/^\d{1,2} [1-4] \* \* \*$/);
    expect(daily.enabled).toBe(true);
    const [next = ""] = daily.next;
    expect(Date.parse(next) - Date.now()).toBeGreaterThan(0);
    expect(Date.parse(next) - Date.now()).toBeLessThanOrEqual(
      24 * 60 * minute + minute,
    );

    const wrong = await api.ask("PATCH", `/api/schedules/${daily.id}`, {
      cron: "0 0 31 2 *",
    });
    expect([wrong.status, wrong.body.code]).toEqual([400, "cron_invalid"]);
    const sixFields = await api.ask("PATCH", `/api/schedules/${daily.id}`, {
      cron: "0 0 1 * * *",
    });
    expect(sixFields.status).toBe(400);

    await api.ask("PATCH", `/api/schedules/${daily.id}`, {
      cron: "15 6 * * *",
    });
    const moved = await applied(api, host, ({ cron }) => cron === "15 6 * * *");
    expect(moved.next[0]).toMatch(/T06:15:00/);
    await api.ask("PATCH", `/api/schedules/${daily.id}`, { enabled: false });
    expect((await applied(api, host, ({ enabled }) => !enabled)).next).toEqual(
      [],
    );
  }),
  60_000,
);

test(
  "with the server down a fire happens, a stopped agent makes up for it, one whose repository was away is tried again, and each arrives once [AGT-06] [AGT-08] [SCH-05]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const api = await server.logIn();
    const awake = await hostWithRepository(lab, server, api, "awake");
    const asleep = await hostWithRepository(lab, server, api, "asleep");
    const unlucky = await hostWithRepository(lab, server, api, "unlucky");
    // Far enough ahead that both agents have it before it fires.
    const fire = new Date(Math.ceil((Date.now() + 10_000) / minute) * minute);
    const cron = `${fire.getUTCMinutes()} ${fire.getUTCHours()} * * *`;
    for (const { host } of [awake, asleep, unlucky]) {
      const { id } = await applied(api, host, () => true);
      await api.ask("PATCH", `/api/schedules/${id}`, { cron });
      await applied(api, host, (schedule) => schedule.cron === cron);
    }

    await server.kill();
    await asleep.agent.program().stop();
    renameSync(unlucky.repository, `${unlucky.repository}-away`);
    await waitFor(
      "the running agent backs up on its own",
      () => madeOnce(awake),
      2 * minute,
    );
    expect(await madeOnce(asleep)).toBe(false);
    asleep.agent.run();
    await unlucky.agent.program().line(/A backup ended/, 30_000);
    renameSync(`${unlucky.repository}-away`, unlucky.repository);
    for (const { what, scheduled } of [
      { what: "the started agent makes up for it", scheduled: asleep },
      { what: "the failed backup is tried again", scheduled: unlucky },
    ])
      await waitFor(what, () => madeOnce(scheduled), 2 * minute);

    await server.start();
    const again = await server.logIn();
    for (const { host, repository } of [awake, asleep, unlucky]) {
      await online(again, host.id);
      // After a minute without a server an agent may wait up to another before it tries again.
      const [job, ...more] = await waitFor(
        "the job has arrived",
        async () => {
          const jobs = await jobsOf(again, host);
          return jobs.some(({ state }) => state === "succeeded") ? jobs : null;
        },
        75_000,
      );
      const [snapshot, ...others] = await snapshotsByHand(
        repository,
        repositoryPassword,
      );
      expect(job).toMatchObject({
        actor: "schedule",
        state: "succeeded",
        due_at: fire.toISOString(),
        snapshot_id: snapshot?.id,
      });
      expect([
        more.map(({ state, due_at }) => ({ state, due_at })),
        others,
      ]).toEqual([
        host.id === unlucky.host.id
          ? [{ state: "failed", due_at: fire.toISOString() }]
          : [],
        [],
      ]);
      // A start within the minute is no miss, and a backup that came in the end is none either.
      const { next, missed } = await applied(again, host, () => true);
      expect(Date.parse(next[0] ?? "") - fire.getTime()).toBe(24 * 60 * minute);
      expect(missed).toEqual([]);
    }
  }),
  6 * minute,
);

interface Scheduled {
  readonly agent: Agent;
  readonly host: Host;
  readonly repository: string;
}

async function hostWithRepository(
  lab: Lab,
  server: Server,
  api: Api,
  name: string,
): Promise<Scheduled> {
  const agent = await enrolAgent(lab, server, { name });
  const host = await approvedHost(api, agent);
  const source = join(lab.dir, `${name}-source`);
  const repository = join(lab.dir, `${name}-repository`);
  writeFiles(source, 1);
  await setUp(api, host, { url: repository, includes: [source] });
  return { agent, host, repository };
}

/** The host's one schedule, once the agent runs by its newest version and it is as wanted. */
function applied(
  api: Api,
  host: Host,
  wanted: (schedule: Schedule) => boolean,
): Promise<Schedule> {
  return waitFor("the schedule is applied", async () => {
    const { schedules } = await api.get<{ schedules: Schedule[] }>(
      `/api/hosts/${host.id}/schedules`,
    );
    return schedules.find((schedule) => schedule.applied && wanted(schedule));
  });
}

async function madeOnce({ repository }: Scheduled): Promise<boolean> {
  return (await snapshotsByHand(repository, repositoryPassword)).length === 1;
}
