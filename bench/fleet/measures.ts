import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Lab } from "../../install/e2e/rig/lab.ts";
import type { Host, Job } from "../../install/e2e/rig/types.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import {
  type Figure,
  figure,
  mebibytes,
  milliseconds,
  percentile,
  seconds,
} from "../figures.ts";
import { createRandom } from "../../server/random.ts";
import { systemClock } from "../../server/clock.ts";
import { hearLines } from "./browser.ts";
import { brokerOf, startUse } from "./machine.ts";
import type { Stand } from "./stand.ts";

const random = createRandom(systemClock);

export async function measureIdle(
  { server }: Stand,
  ms: number,
): Promise<Figure[]> {
  const used = await startUse(server);
  await Bun.sleep(ms);
  const { serverMs, brokerMs, serverBytes: own, brokerBytes: broker } = used();
  const share = (cpuMs: number) => `${((cpuMs / ms) * 100).toFixed(1)} %`;
  return [
    figure(
      "memory of server + broker",
      `${mebibytes(own)} + ${mebibytes(broker)} = ${mebibytes(own + broker)}`,
      "≤ 500 MB",
    ),
    figure(
      "CPU of server + broker",
      `${share(serverMs)} + ${share(brokerMs)} = ${share(serverMs + brokerMs)}`,
      "≤ 12 %",
      `of one core over ${ms / 1000} s of heartbeats`,
    ),
  ];
}

/** A run-now of hosts at random: through HTTP, the store, the broker, to the agent and back. */
export async function measureRequests(
  { api, members }: Stand,
  count: number,
): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const member = members[Math.floor(Math.random() * members.length)];
    const startedAt = performance.now();
    await api.post<Job>(`/api/hosts/${member?.hostId}/jobs`, {
      kind: "backup",
      source_group_id: member?.groupId,
    });
    times.push(performance.now() - startedAt);
  }
  return spread("run-now answered by the agent", times);
}

export async function measureList({ api }: Stand): Promise<Figure[]> {
  const times: number[] = [];
  for (let i = 0; i < 50; i += 1) {
    const startedAt = performance.now();
    await api.get("/api/hosts");
    times.push(performance.now() - startedAt);
  }
  const startedAt = performance.now();
  let cursor: string | null = "";
  let count = 0;
  while (cursor !== null) {
    const page: { hosts: Host[]; next_cursor: string | null } = await api.get(
      `/api/hosts?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    count += page.hosts.length;
    cursor = page.next_cursor;
  }
  return [
    spread("GET /api/hosts, a page of 200", times),
    figure(
      `all ${count} hosts in pages of 500`,
      milliseconds(performance.now() - startedAt),
    ),
  ];
}

export async function measureBrokerKill({
  server,
  allGreeted,
}: Stand): Promise<Figure> {
  const pid = await brokerOf(server);
  const since = Date.now();
  process.kill(pid, "SIGKILL");
  const ms = await allGreeted(since, 120_000);
  return figure("all back after kill -9 of the broker", seconds(ms), "< 12 s");
}

export async function measureServerKill({
  server,
  allGreeted,
}: Stand): Promise<Figure> {
  const since = Date.now();
  await server.kill();
  await server.start();
  const ms = await allGreeted(since, 120_000);
  return figure(
    "all back after kill -9 of the server",
    seconds(ms),
    "< 12 s",
    "from the kill; the server is started at once",
  );
}

/** Removes hosts one by one; how long until the connection of each is cut. */
export async function measureRemoval(
  { api, swarm }: Stand,
  removed: Stand["members"],
): Promise<Figure> {
  const times: number[] = [];
  for (const { hostId, name } of removed) {
    const since = Date.now();
    const { status } = await api.ask("DELETE", `/api/hosts/${hostId}`, {
      name,
    });
    if (status !== 200) throw new Error(`removing a host: ${status}`);
    const at = await waitFor("the host is cut", () => swarm.closed({ hostId }));
    times.push(at - since);
  }
  return spread("a removed host is cut", times, "≤ 5 s");
}

/** `hosts` agents report logs as fast as the product takes them. */
export async function measureLogs(
  { server, swarm, members }: Stand,
  hosts: number,
  ms: number,
): Promise<Figure> {
  const jobs = members
    .slice(0, hosts)
    .map(({ hostId }) => ({ hostId, jobId: random.id() }));
  const store = new Database(join(server.dataDir, "restic-manager.db"), {
    readonly: true,
  });
  const count = store.query<{ n: number }, string[]>(
    `select sum((select coalesce(max(seq), 0) from job_logs where job_id = value)) as n
     from json_each(?)`,
  );
  const ids = JSON.stringify(jobs.map(({ jobId }) => jobId));
  const startedAt = Date.now();
  const used = await startUse(server);
  const { lines } = await swarm.pour({ jobs, lines: 200, ms });
  await waitFor(
    "every line is stored",
    () => (count.get(ids)?.n ?? 0) >= lines,
    60_000,
  );
  const took = Date.now() - startedAt;
  store.close();
  const { serverMs, brokerMs } = used();
  const perLine = (cpuMs: number) =>
    `${((cpuMs / lines) * 1000).toFixed(1)} µs`;
  return figure(
    "log lines stored",
    `${Math.round((lines / took) * 1000).toLocaleString("en")}/s`,
    "100,000/s",
    `${lines.toLocaleString("en")} lines of ${hosts} hosts, 200 a message, until the last is stored; a line costs ${perLine(serverMs)} of CPU in the server and ${perLine(brokerMs)} in the broker`,
  );
}

/** From an agent that hands a line over to a browser that has it. */
export async function measureLive(
  lab: Lab,
  { server, api, swarm, members }: Stand,
  count: number,
): Promise<Figure> {
  const [{ hostId } = { hostId: "" }] = members.slice(-1);
  const jobId = random.id();
  // A browser can watch a job once it is known.
  await swarm.drip({ hostId, jobId, from: 1, to: 1, everyMs: 1 });
  await waitFor("the job is known", () =>
    api.get(`/api/jobs/${jobId}`).catch(() => null),
  );
  const times: number[] = [];
  await hearLines(lab, { url: server.url, api, jobId }, ({ l }) =>
    times.push(Date.now() - Number(l)),
  );
  await swarm.drip({ hostId, jobId, from: 2, to: count + 1, everyMs: 40 });
  await waitFor("every line arrived", () => times.length >= count);
  return spread("a line in the browser", times, "p99 < 200 ms");
}

function spread(what: string, times: readonly number[], aim = ""): Figure {
  return figure(
    what,
    `p50 ${percentile(times, 50).toFixed(1)} ms, p99 ${percentile(times, 99).toFixed(1)} ms`,
    aim,
    `of ${times.length}`,
  );
}
