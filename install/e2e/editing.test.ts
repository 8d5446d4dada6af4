import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Api } from "./rig/api.ts";
import { jobsOf, repositoryPassword, setUp } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { snapshotsByHand, writeFiles } from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Host, Schedule } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const minute = 60_000;
/** What a person waits for a change to arrive. */
const soon = 5_000;

test(
  "groups and schedules that are edited reach the agent, now or when it is back, and what is deleted never fires [SCH-02] [SCH-04]",
  inLab(async (lab) => {
    const { api, agent, host } = await approvedStand(lab);
    const [files, more] = [join(lab.dir, "files"), join(lab.dir, "more")];
    for (const folder of [files, more]) writeFiles(folder, 1);
    const repository = join(lab.dir, "repository");
    const wish = { url: repository, includes: [files] };
    const { group_id, schedule_id } = await setUp(api, host, wish);
    await applied(api, host, soon);

    const { id: moreId } = await api.post<{ id: string }>(
      `/api/hosts/${host.id}/sources`,
      { name: "more", includes: [more], retention: { daily: 7 } },
    );
    const used = await api.ask("DELETE", `/api/sources/${group_id}`);
    expect([used.status, used.body.code]).toEqual([409, "source_group_used"]);

    const fire = new Date(Math.ceil((Date.now() + 10_000) / minute) * minute);
    const cron = `${fire.getUTCMinutes()} ${fire.getUTCHours()} * * *`;
    await api.post(`/api/hosts/${host.id}/schedules`, {
      cron,
      group_ids: [moreId, group_id],
    });
    await api.ask("DELETE", `/api/schedules/${schedule_id}`);
    await applied(api, host, soon);
    const [schedule] = await schedulesOf(api, host);
    expect(schedule?.next[0]).toBe(fire.toISOString());

    await waitFor(
      "one job for each group of the fire",
      async () => {
        const jobs = await jobsOf(api, host);
        return jobs.filter(({ state }) => state === "succeeded").length === 2;
      },
      2 * minute,
    );
    const jobs = (await jobsOf(api, host)).map(({ actor, due_at }) => [
      actor,
      due_at,
    ]);
    const fired = ["schedule", fire.toISOString()];
    expect(jobs).toEqual([fired, fired]);
    const taken = await snapshotsByHand(repository, repositoryPassword);
    expect(taken.map(({ tags }) => tags)).toEqual([["more"], ["default"]]);

    await agent.program().stop();
    await api.ask("DELETE", `/api/schedules/${schedule?.id}`);
    for (const id of [moreId, group_id]) {
      expect((await api.ask("DELETE", `/api/sources/${id}`)).status).toBe(204);
    }
    const { cfg_rev, applied_cfg_rev } = await detail(api, host);
    expect(applied_cfg_rev).toBeLessThan(cfg_rev);
    agent.run();
    await applied(api, host, minute);
    expect(await schedulesOf(api, host)).toEqual([]);
    expect(await detail(api, host)).toMatchObject({ next_run_at: null });
    expect(await snapshotsByHand(repository, repositoryPassword)).toEqual(
      taken,
    );
  }),
  5 * minute,
);

const detail = (api: Api, host: Host) => api.get<Host>(`/api/hosts/${host.id}`);

async function schedulesOf(api: Api, host: Host): Promise<Schedule[]> {
  const path = `/api/hosts/${host.id}/schedules`;
  return (await api.get<{ schedules: Schedule[] }>(path)).schedules;
}

/** The agent says that it runs by the newest configuration. */
async function applied(api: Api, host: Host, ms: number): Promise<void> {
  await waitFor(
    "the change is applied",
    async () => {
      const { cfg_rev, applied_cfg_rev } = await detail(api, host);
      return applied_cfg_rev === cfg_rev;
    },
    ms,
  );
}
