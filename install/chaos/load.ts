import type { Job } from "../e2e/rig/types.ts";
import type { Endpoint } from "./endpoint.ts";
import { createDice } from "./random.ts";
import type { World } from "./world.ts";

/** What goes on while things break. */
export interface Load {
  /** Run-nows that the server has accepted. */
  accepted(): number;
  stop(): void;
}

const crons = ["* * * * *", "*/1 * * * *"];

/** People who look, change a schedule, run backups and cancel some; data that changes. */
export function startLoad(world: World, seed: number): Load {
  const { server, endpoints } = world;
  const dice = createDice(seed);
  let accepted = 0;
  let stopped = false;

  async function repeat(
    every: readonly [number, number],
    work: () => Promise<void>,
  ): Promise<void> {
    while (!stopped) {
      await Bun.sleep(dice.between(...every));
      // Whoever asks a server that is away gets an error, and asks again.
      if (!stopped) await work().catch(() => {});
    }
  }

  async function backUp(endpoint: Endpoint): Promise<void> {
    endpoint.change(dice);
    const api = await server.api();
    const body = { kind: "backup", source_group_id: endpoint.groupId };
    const job = await api.post<Job>(`/api/hosts/${endpoint.id}/jobs`, body);
    accepted += 1;
    if (dice.between(0, 8) > 1) return;
    await Bun.sleep(dice.between(100, 1500));
    await api.ask("POST", `/api/jobs/${job.id}/cancel`, {});
  }

  async function work(endpoint: Endpoint): Promise<void> {
    const api = await server.api();
    await api.get("/api/hosts");
    await api.ask("PATCH", `/api/schedules/${endpoint.scheduleId}`, {
      cron: dice.pick(crons),
    });
  }

  for (const endpoint of endpoints) {
    void repeat([1500, 5000], () => backUp(endpoint));
    void repeat([3000, 9000], () => work(endpoint));
  }
  return {
    accepted: () => accepted,
    stop: () => void (stopped = true),
  };
}

/** No schedule fires any more, so that the run can come to rest. */
export async function stopSchedules({
  server,
  endpoints,
}: World): Promise<void> {
  const api = await server.api();
  for (const { scheduleId } of endpoints)
    await api.ask("PATCH", `/api/schedules/${scheduleId}`, { enabled: false });
}
