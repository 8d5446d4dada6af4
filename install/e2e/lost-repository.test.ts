import { expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { jobEnds, runNow, setUp } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { writeFiles } from "./rig/repository.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Repository } from "./rig/types.ts";

const limit = 90_000;

test(
  "a repository that went away is reported, not made anew [RST-05]",
  inLab(async (lab) => {
    const { api, host } = await approvedStand(lab);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "repository");
    const { group_id } = await setUp(api, host, { url, includes: [source] });
    expect(existsSync(join(url, "config"))).toBe(true);
    rmSync(url, { recursive: true });

    const job = await jobEnds(api, (await runNow(api, host, group_id)).id);

    expect([job.state, job.error?.code]).toEqual([
      "failed",
      "repository_missing",
    ]);
    expect(existsSync(url)).toBe(false);
    const { repositories } = await api.get<{ repositories: Repository[] }>(
      `/api/hosts/${host.id}/repositories`,
    );
    expect(repositories[0]?.status).not.toBe("ready");
  }),
  limit,
);
