import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  approvedHost,
  enrolAgent,
  online,
  resticProcesses,
} from "./rig/agent.ts";
import {
  jobEnds,
  jobIn,
  repositoryPassword,
  runNow,
  setUp,
  snapshotsOf,
} from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { tool } from "./rig/places.ts";
import { locksByHand, resticByHand, writeFiles } from "./rig/repository.ts";
import type { Job } from "./rig/types.ts";
import {
  adminSecret,
  change,
  filesWith,
  upkeepEnds,
  type UpkeepStand,
  upkeepStand,
} from "./rig/upkeep.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
const slow = 500_000;

interface AuditEntry {
  readonly actor_kind: string;
  readonly action: string;
}
const audited = async (
  { api }: UpkeepStand,
  action: string,
): Promise<AuditEntry[]> =>
  (
    await api.get<{ entries: AuditEntry[] }>(
      `/api/audit?action=${action}&limit=50`,
    )
  ).entries;

const adminPath = ({ repositoryId }: UpkeepStand) =>
  `/api/repositories/${repositoryId}/admin-credential`;

const backUp = async ({ api, host, groupId }: UpkeepStand): Promise<Job> =>
  jobEnds(api, (await runNow(api, host, groupId)).id, 60_000);

test(
  "nothing is forgotten without access that may delete, which is said; with it snapshots are really fewer, and the space is free [MNT-03] [MNT-02] [CRD-04]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab);
    const { api, agent, host, repository, snapshots } = stand;
    await stand.keep({ last: 1 });
    await stand.makeOld(4);
    expect((await backUp(stand)).state).toBe("succeeded");
    expect(await snapshots()).toHaveLength(5);

    const refused = await api.ask(
      "POST",
      `/api/repositories/${stand.repositoryId}/forget`,
      {},
    );
    expect([refused.status, refused.body.code]).toEqual([
      409,
      "admin_creds_required",
    ]);
    expect((await repository()).retention).toEqual({
      state: "not_enforced",
      reason: "admin_credential_missing",
    });

    await change(api, "PUT", adminPath(stand), {});
    const powerless = await upkeepEnds(stand, "forget");
    expect([powerless.state, powerless.error?.code]).toEqual([
      "failed",
      "delete_refused",
    ]);
    const wrong = { ...stand.admin, user_password: "wrong" };
    await change(api, "PUT", adminPath(stand), wrong);
    const denied = await upkeepEnds(stand, "forget");
    expect([denied.state, denied.error?.code]).toEqual([
      "failed",
      "repository_denied",
    ]);
    expect(await snapshots()).toHaveLength(5);

    await change(api, "PUT", adminPath(stand), stand.admin);
    const forgot = await upkeepEnds(stand, "forget");
    expect(forgot.state, forgot.error?.message).toBe("succeeded");
    const [kept, ...more] = await snapshots();
    expect([kept?.time.slice(0, 4), more]).not.toEqual(["2026-01", []]);
    expect(more).toEqual([]);
    expect((await snapshotsOf(api, host)).map(({ id }) => id)).toEqual([
      kept?.id ?? "",
    ]);
    expect(forgot.upkeep).toMatchObject({
      snapshots_before: 5,
      snapshots_after: 1,
      groups: [{ tag: "default", kept: 1, removed: 4 }],
    });
    for (const verb of ["prune", "check"] as const) {
      const job = await upkeepEnds(stand, verb);
      expect(job.state, `${verb}: ${job.error?.message}`).toBe("succeeded");
    }
    const after = await repository();
    expect([after.retention.state, after.stats.last_check_ok]).toEqual([
      "on",
      true,
    ]);
    expect(after.stats.last_prune_at).not.toBeNull();
    const check = await resticByHand(stand.dir, repositoryPassword, [
      "check",
      "--read-data",
    ]);
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringContaining("no errors were found"),
    ]);
    expect(await filesWith(adminSecret, [agent])).toEqual([]);
  }),
  limit,
);

test(
  "another host does the upkeep: the endpoint never has, and never hears, the access that may delete [MNT-07] [CRD-04]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab, {
      agent: { hostname: "endpoint" },
      env: { RM_HEARTBEAT_INTERVAL: "500ms", RM_OFFLINE_AFTER: "10s" },
    });
    const { server, api, agent, host, snapshots } = stand;
    const box = await enrolAgent(lab, server, { name: "nas", hostname: "nas" });
    const nas = await approvedHost(api, box);
    await stand.keep({ daily: 2 });
    await stand.makeOld(5);
    const base = `/api/repositories/${stand.repositoryId}`;
    const { settings } = await api.get<{ settings: object }>(
      `${base}/maintenance`,
    );
    await change(api, "PUT", `${base}/maintenance`, {
      ...settings,
      runner_host_id: nas.id,
    });
    // What is a network away for the endpoint is a folder of the other host.
    await change(api, "PUT", adminPath(stand), { url: stand.dir });

    for (const verb of ["forget", "prune", "check"] as const) {
      const job = await upkeepEnds(stand, verb);
      expect(
        [job.host_id, job.state],
        `${verb}: ${job.error?.message}`,
      ).toEqual([nas.id, "succeeded"]);
    }
    expect(
      (await snapshots()).map(({ time }) => time.slice(0, 10)).toSorted(),
    ).toEqual(["2026-01-04", "2026-01-05"]);

    await change(api, "PUT", adminPath(stand), stand.admin);
    await stand.makeOld(1);
    await agent.program().stop();
    await online(api, host.id, false, 30_000);
    const alone = await upkeepEnds(stand, "forget");
    expect([alone.host_id, alone.state]).toEqual([nas.id, "succeeded"]);
    expect(await snapshots()).toHaveLength(2);
    expect(await filesWith(adminSecret, [agent, box])).toEqual([]);
    expect(await filesWith(stand.dir, [agent])).toEqual([]);
  }),
  limit,
);

test(
  "a lock left by a killed restic is removed by the next backup, which is audited; one of another machine is left and named [LCK-01] [MNT-05]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab, { megabytes: 8 });
    const { api, host, groupId, gate, dir, repository } = stand;
    const locks = () => locksByHand(dir, repositoryPassword);

    gate.pace(slow);
    const job = await runNow(api, host, groupId);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 500_000);
    for (const { pid } of resticProcesses(lab)) process.kill(pid, "SIGKILL");
    gate.pace(Infinity);
    const killed = await jobEnds(api, job.id);
    expect([killed.state, killed.error?.code]).toEqual([
      "failed",
      "restic_killed",
    ]);
    const next = await backUp(stand);
    expect(next.state, next.error?.message).toBe("succeeded");
    expect(await locks()).toEqual([]);
    expect(await audited(stand, "repository.unlock")).toEqual([
      expect.objectContaining({ actor_kind: "agent" }),
    ]);

    await holdLock(lab, dir, "elsewhere");
    expect((await backUp(stand)).state).toBe("succeeded");
    const check = await upkeepEnds(stand, "unlock");
    expect([check.state, check.upkeep?.locks_left]).toEqual(["succeeded", 1]);
    expect((await repository()).stats.locks).toEqual([
      expect.objectContaining({ hostname: "elsewhere", state: "live" }),
    ]);
    expect(await locks()).toHaveLength(1);

    expect((await upkeepEnds(stand, "unlock-all")).state).toBe("succeeded");
    expect(await locks()).toEqual([]);
    expect((await repository()).stats.locks).toEqual([]);
  }),
  limit,
);

test(
  "after a power cut in a backup the agent finds its own lock, removes it and backs up again [LCK-01]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab, { megabytes: 8 });
    const { api, agent, host, groupId, gate, dir } = stand;
    gate.pace(slow);
    const job = await runNow(api, host, groupId);
    await jobIn(api, job.id, ["running"]);
    await waitFor("data is on its way", () => gate.passed() > 500_000);
    const restics = resticProcesses(lab);
    agent.program().signal("SIGKILL");
    for (const { pid } of restics) process.kill(pid, "SIGKILL");
    await agent.program().exit();
    gate.pace(Infinity);
    expect(await locksByHand(dir, repositoryPassword)).not.toEqual([]);

    agent.run();
    expect((await jobEnds(api, job.id)).state).toBe("lost");
    const next = await backUp(stand);
    expect(next.state, next.error?.message).toBe("succeeded");
    expect(await locksByHand(dir, repositoryPassword)).toEqual([]);
  }),
  limit,
);

test(
  "forget waits for another host's backup into the same repository instead of failing [LCK-02]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab);
    const { server, api, gate, store } = stand;
    const second = await enrolAgent(lab, server, {
      name: "second",
      hostname: "second",
    });
    const other = await approvedHost(api, second);
    const source = join(lab.dir, "second-source");
    writeFiles(source, 8);
    const { group_id } = await setUp(api, other, {
      url: `rest:http://127.0.0.1:${gate.port}/host/`,
      mode: "existing",
      includes: [source],
      user: { name: store.user, password: store.password },
    });
    await stand.keep({ last: 1 });
    await stand.makeOld(3);
    await change(api, "PUT", adminPath(stand), stand.admin);

    const known = gate.passed();
    gate.pace(slow);
    const backup = await runNow(api, other, group_id);
    await waitFor("data is on its way", () => gate.passed() > known + slow);
    const forget = await api.post<Job>(
      `/api/repositories/${stand.repositoryId}/forget`,
    );
    await waitFor("more data came", () => gate.passed() > known + 2 * slow);
    expect((await jobIn(api, forget.id, ["queued"])).state).toBe("queued");
    gate.pace(Infinity);

    const made = await jobEnds(api, backup.id, 60_000);
    const forgot = await jobEnds(api, forget.id, 60_000);
    expect([made.state, forgot.state], forgot.error?.message).toEqual([
      "succeeded",
      "succeeded",
    ]);
    expect([made.finished_at, forgot.started_at].toSorted()).toEqual([
      made.finished_at,
      forgot.started_at,
    ]);
    expect(await stand.snapshots()).toHaveLength(2);
  }),
  limit,
);

test(
  "a lost repository is made anew by somebody who types its name, and never over one that is there [REP-04]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab);
    const { api, dir, snapshots, repository } = stand;
    expect((await backUp(stand)).state).toBe("succeeded");
    const { name } = await repository();

    const there = await upkeepEnds(stand, "reinit", { name });
    expect([there.state, there.error?.code]).toEqual([
      "failed",
      "repository_exists",
    ]);
    expect(await snapshots()).toHaveLength(1);

    rmSync(dir, { recursive: true });
    const lost = await backUp(stand);
    expect([lost.state, lost.error?.code]).toEqual([
      "failed",
      "repository_missing",
    ]);
    const mistyped = await api.ask(
      "POST",
      `/api/repositories/${stand.repositoryId}/reinit`,
      { name: `${name}x` },
    );
    expect([mistyped.status, mistyped.body.code]).toEqual([
      409,
      "repository_name_mismatch",
    ]);
    const made = await upkeepEnds(stand, "reinit", { name });
    expect(made.state, made.error?.message).toBe("succeeded");
    expect((await backUp(stand)).state).toBe("succeeded");
    expect(await snapshots()).toHaveLength(1);
    expect((await repository()).status).toBe("ready");
    expect(await audited(stand, "repository.reinit")).not.toEqual([]);
  }),
  limit,
);

/** A restic of another machine that is in the middle of something for as long as the lab. */
async function holdLock(
  lab: Lab,
  repository: string,
  machine: string,
): Promise<void> {
  const program = lab.start(
    "/usr/bin/unshare",
    [
      "--uts",
      "/usr/bin/sh",
      "-c",
      '/usr/bin/hostname "$0" && exec "$@"',
      machine,
      tool("restic"),
      "--no-cache",
      "backup",
      "--stdin",
    ],
    {
      name: `restic of ${machine}`,
      env: {
        RESTIC_REPOSITORY: repository,
        RESTIC_PASSWORD: repositoryPassword,
      },
    },
  );
  // Waiting for input it does not hear SIGTERM.
  lab.defer(async () => void (await program.kill()));
  expect(hostname()).not.toBe(machine);
  await waitFor(
    "the lock is there",
    async () => (await locksByHand(repository, repositoryPassword)).length > 0,
    30_000,
    program.text,
  );
}
