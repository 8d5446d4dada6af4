import { expect, test } from "bun:test";
import { hearLines } from "../../bench/fleet/browser.ts";
import { brokerOf } from "../../bench/fleet/machine.ts";
import { openStand } from "../../bench/fleet/stand.ts";
import { createSwarm } from "../../bench/fleet/swarm.ts";
import { inLab } from "./rig/lab.ts";
import type { Host, Job } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const count = 20;

test(
  "simulated agents are hosts like others: they come back, run jobs, report logs, and are cut when removed",
  inLab(async (lab) => {
    const swarm = createSwarm();
    const { server, api, members, allGreeted } = await openStand(
      lab,
      swarm,
      count,
    );
    const online = async () => {
      const { hosts } = await api.get<{ hosts: Host[] }>("/api/hosts");
      return hosts.filter((host) => host.online).length;
    };
    expect(await online()).toBe(count);

    const [one, other] = members;
    if (one === undefined || other === undefined) throw new Error("no fleet");
    const { id } = await api.post<Job>(`/api/hosts/${one.hostId}/jobs`, {
      kind: "backup",
      source_group_id: one.groupId,
    });
    const job = await waitFor("the job ends", async () => {
      const now = await api.get<Job>(`/api/jobs/${id}`);
      return now.finished_at === null ? null : now;
    });
    expect([job.state, job.log_lines]).toEqual(["succeeded", 1]);

    let since = Date.now();
    process.kill(await brokerOf(server), "SIGKILL");
    await allGreeted(since, 60_000);
    since = Date.now();
    await server.kill();
    await server.start();
    await allGreeted(since, 60_000);

    const [drippedId = "", pouredId = ""] = ["0", "1", "2"]
      .map((end) => id.slice(0, -1) + end)
      .filter((made) => made !== id);
    const dripped = { hostId: other.hostId, jobId: drippedId };
    await swarm.drip({ ...dripped, from: 1, to: 1, everyMs: 1 });
    const path = `/api/jobs/${dripped.jobId}`;
    await waitFor("the job is known", () => api.get(path).catch(() => null));
    const lines: number[] = [];
    await hearLines(lab, { url: server.url, api, ...dripped }, ({ n }) =>
      lines.push(n),
    );
    await swarm.drip({ ...dripped, from: 2, to: 5, everyMs: 1 });
    await waitFor("the lines are live", () => lines.length === 4);
    expect(lines).toEqual([2, 3, 4, 5]);
    const poured = await swarm.pour({
      jobs: [{ hostId: one.hostId, jobId: pouredId }],
      lines: 200,
      ms: 200,
    });
    await waitFor("every line is stored", async () => {
      const { log_lines } = await api
        .get<Job>(`/api/jobs/${pouredId}`)
        .catch(() => ({ log_lines: 0 }));
      return log_lines === poured.lines;
    });

    const removed = await api.ask("DELETE", `/api/hosts/${one.hostId}`, {
      name: one.name,
    });
    expect(removed.status).toBe(200);
    await waitFor("the host is cut", () => swarm.closed(one));
    expect(await swarm.closed(other)).toBe(0);
  }),
);
