import { expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
  snapshotsWhen,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { resticByHand, writeFiles } from "./rig/repository.ts";
import { approvedStand, backupStand } from "./rig/stand.ts";
import type { Repository } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

test(
  "a repository's new password is used by the next job of the same agent process [CRD-03]",
  inLab(async (lab) => {
    const { api, agent, host, done, repository } = await backupStand(lab);
    const { pid } = agent.program();
    const before = await jobEnds(
      api,
      (await runNow(api, host, done.group_id)).id,
    );
    expect(before.state).toBe("succeeded");

    const next = "canary-The-Next-Pa55word";
    const changed = await resticByHand(repository, repositoryPassword, [
      "key",
      "passwd",
      "--new-password-file",
      passwordFile(lab.dir, next),
    ]);
    expect([changed.code, changed.stderr]).toEqual([0, expect.any(String)]);
    const locked = await jobEnds(
      api,
      (await runNow(api, host, done.group_id)).id,
    );
    expect([locked.state, locked.error?.code]).toEqual([
      "failed",
      "wrong_password",
    ]);

    const answer = await api.ask<Repository>(
      "PATCH",
      `/api/repositories/${done.repository.id}`,
      { password: next },
    );
    expect(answer.status).toBe(200);
    const job = await waitFor(
      "a job with the new password succeeds",
      async () => {
        const end = await jobEnds(
          api,
          (await runNow(api, host, done.group_id)).id,
        );
        return end.state === "succeeded" ? end : null;
      },
    );
    expect(job.error).toBeNull();
    expect(agent.program().pid).toBe(pid);
    expect(agent.program().running()).toBe(true);
    expect(agent.program().text() + JSON.stringify(answer.body)).not.toContain(
      next,
    );
  }),
  limit,
);

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

test(
  "after a snapshot was forgotten by hand the list is restic's again [SNP-01]",
  inLab(async (lab) => {
    const { api, host, done, repository, byHand } = await backupStand(lab);
    for (let count = 1; count <= 2; count += 1) {
      await jobEnds(api, (await runNow(api, host, done.group_id)).id);
      await snapshotsWhen(api, host, count);
    }
    const [oldest] = await byHand();
    const forgotten = await resticByHand(repository, repositoryPassword, [
      "forget",
      oldest?.id ?? "",
    ]);
    expect(forgotten.code).toBe(0);

    const { snapshot_id } = await jobEnds(
      api,
      (await runNow(api, host, done.group_id)).id,
    );

    const wanted = (await byHand()).map(({ id }) => id).sort();
    expect(wanted).toContain(snapshot_id ?? "");
    expect(wanted).not.toContain(oldest?.id ?? "");
    await waitFor("the list is restic's", async () => {
      const shown = await snapshotsWhen(api, host, wanted.length);
      return (
        shown
          .map(({ id }) => id)
          .sort()
          .join() === wanted.join()
      );
    });
  }),
  limit,
);

function passwordFile(dir: string, password: string): string {
  const file = join(dir, "next-password");
  writeFileSync(file, password, { mode: 0o600 });
  return file;
}
