import { expect, test } from "bun:test";
import { join } from "node:path";
import { resticProcesses } from "./rig/agent.ts";
import { openDoor } from "./rig/door.ts";
import { jobEnds, repositoryPassword, setUp } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import {
  locksByHand,
  resticByHand,
  snapshotsByHand,
  startRestServer,
  writeFiles,
} from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Job } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

test(
  "a laptop closed in mid-backup goes on when it is opened, though its connections are gone meanwhile [SCH-07]",
  inLab(async (lab) => {
    const { api, agent, host } = await approvedStand(lab);
    const rest = await startRestServer(lab);
    const door = await openDoor(lab, rest.port);
    const source = join(lab.dir, "source");
    writeFiles(source, 6);
    const { group_id } = await setUp(api, host, {
      url: `rest:${door.url}/host/`,
      includes: [source],
      user: { name: rest.user, password: rest.password },
    });
    const job = await api.post<Job>(`/api/hosts/${host.id}/jobs`, {
      kind: "backup",
      source_group_id: group_id,
      limits: { up_kbps: 400, down_kbps: null },
    });
    await waitFor(
      "data is on its way",
      async () =>
        ((await api.get<Job>(`/api/jobs/${job.id}`)).progress?.bytes_done ??
          0) > 0,
    );

    const restics = resticProcesses(lab);
    expect(restics.length).toBeGreaterThan(0);
    for (const { pid } of restics) process.kill(pid, "SIGSTOP");
    agent.program().signal("SIGSTOP");
    door.shut();
    await openDoor(lab, rest.port, Number(new URL(door.url).port));
    agent.program().signal("SIGCONT");
    for (const { pid } of restics) process.kill(pid, "SIGCONT");

    const end = await jobEnds(api, job.id, 90_000);
    expect([end.state, end.error]).toEqual(["succeeded", null]);
    const repository = join(rest.data, "host");
    const made = await snapshotsByHand(repository, repositoryPassword);
    expect(made.map(({ id }) => id)).toEqual([end.snapshot_id ?? ""]);
    expect(await locksByHand(repository, repositoryPassword)).toEqual([]);
    const check = await resticByHand(repository, repositoryPassword, [
      "check",
      "--read-data",
    ]);
    expect(check.code).toBe(0);
  }),
  180_000,
);
