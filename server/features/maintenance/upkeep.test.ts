import { beforeEach, describe, expect, test } from "bun:test";
import { setUpBody } from "../../testing/test-backups.ts";
import { refused, settle } from "../../testing/test-endpoint.ts";
import {
  allowForget,
  refusalOf,
  createTestUpkeep,
  failed,
  secretOf,
  startsOf,
} from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
});

const { credential } = setUpBody().repository;

describe("forget", () => {
  test("is refused without an admin credential, and the page says that nothing is removed [MNT-03]", async () => {
    await server.keep({ daily: 7 });
    expect(refusalOf(await server.post("forget"))).toEqual([
      409,
      "admin_creds_required",
    ]);
    expect(await server.jobs()).toEqual([]);
    expect((await server.repository()).retention).toEqual({
      state: "not_enforced",
      reason: "admin_credential_missing",
    });
  });

  test("is refused while no group has a policy: nothing must ever remove everything [MNT-02]", async () => {
    await server.setAdmin();
    for (const retention of [{}, { tags: ["keep"] }]) {
      await server.keep(retention);
      expect(refusalOf(await server.post("forget"))).toEqual([
        409,
        "retention_empty",
      ]);
    }
    expect(await server.jobs()).toEqual([]);
    expect((await server.repository()).retention.state).toBe("off");
  });

  test("goes to the agent sealed, with the access that may delete and the policies [MNT-02] [CRD-04]", async () => {
    await allowForget(server);
    const keepsAll = await server.addHost(2, "other");
    await server.setUp(keepsAll);
    const answer = await server.post("forget");

    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      kind: "forget",
      state: "sent",
      host_name: "nas",
      repository_name: "backup",
      actor_name: expect.stringContaining("admin"),
    });
    const [start] = startsOf(server.nas);
    expect(start).toMatchObject({
      job_id: answer.body.id,
      kind: "forget",
      repository_id: server.repositoryId,
      actor: "user",
      epoch: "epoch-1",
      box: expect.any(String),
    });
    expect(secretOf(server.nas, start?.command)).toEqual({
      url: "rest:http://nas:8000/backup",
      credential: {
        ...credential,
        username: "admin",
        user_password: "may delete",
      },
      restic_id: "a".repeat(64),
      groups: [{ host: "nas", tag: "default", retention: { daily: 7 } }],
    });
    expect(JSON.stringify(start)).not.toContain("may delete");
    expect(await server.actions()).toContain("repository.forget");
  });

  test("leaves out groups whose snapshots restic cannot tell apart, and says so", async () => {
    await allowForget(server);
    const twin = await server.addHost(2, "twin");
    await server.setUp(twin);
    await server.db.updateTable("hosts").set({ hostname: "debian" }).execute();

    const answer = await server.post("forget");
    expect(refusalOf(answer)).toEqual([409, "retention_empty"]);
    expect(answer.body.message).toContain("cannot tell");
    expect((await server.repository()).retention).toEqual({
      state: "not_enforced",
      reason: "names_clash",
    });
  });

  test("that could not remove what it should has failed, and shows that the hosts' access only appends [MNT-03]", async () => {
    await server.keep({ daily: 7 });
    await server.setAdmin();
    const { body: job } = await server.post("forget");
    await server.report(server.nas, "job.done", job, failed("delete_refused"));

    expect(await server.job(job.id)).toMatchObject({
      state: "failed",
      error: { code: "delete_refused" },
    });
    expect(await server.repository()).toMatchObject({
      append_only: "proven",
      status: "ready",
      retention: { state: "not_enforced", reason: "forget_failing" },
    });
  });

  test("that worked says what it removed, and retention is on [MNT-02]", async () => {
    await allowForget(server);
    const { body: job } = await server.post("forget");
    const upkeep = {
      groups: [{ host: "nas", tag: "default", kept: 7, removed: 3 }],
      snapshots_before: 10,
      snapshots_after: 7,
    };
    await server.report(server.nas, "job.done", job, { upkeep });
    expect(await server.job(job.id)).toMatchObject({
      state: "succeeded",
      stats: null,
      upkeep,
    });
    const { retention } = await server.repository();
    expect(retention).toEqual({ state: "on", reason: null });
  });

  test("with an admin credential that is wrong says nothing about what the hosts use", async () => {
    await allowForget(server);
    const { body: job } = await server.post("forget");
    const wrong = failed("repository_denied");
    await server.report(server.nas, "job.done", job, wrong);
    expect((await server.repository()).status).toBe("ready");
  });
});

describe("check", () => {
  test("reads as much as it is told, cut to 0 to 100, or as the settings say [MNT-04]", async () => {
    const asked = async (body: object) => {
      server.nas.received.length = 0;
      const { body: job } = await server.post("check", body);
      await server.report(server.nas, "job.done", job);
      const [start] = startsOf(server.nas);
      return secretOf(server.nas, start?.command).subset_pct;
    };
    expect(await asked({})).toBe(5);
    expect(await asked({ subset_pct: 250 })).toBe(100);
    expect(await asked({ subset_pct: -3 })).toBe(0);
    await server.settings({ check_subset_pct: 0 });
    expect(await asked({})).toBe(0);
  });

  test("needs no admin credential, and uses the repository's own access [MNT-04]", async () => {
    await server.setAdmin({ user_password: "may delete" });
    await server.post("check");
    const [start] = startsOf(server.nas);
    const secret = secretOf(server.nas, start?.command);
    expect(secret.credential).toEqual(credential);
  });

  test("of a repository with errors has failed with them", async () => {
    const { body: job } = await server.post("check");
    await server.report(server.nas, "job.done", job, {
      ...failed("repository_damaged"),
      upkeep: { errors: 3 },
    });
    expect(await server.job(job.id)).toMatchObject({
      state: "failed",
      error: { code: "repository_damaged" },
      upkeep: { errors: 3 },
    });
  });
});

test("a host that claims to do upkeep which nobody ordered holds none up, and enforces no retention", async () => {
  await allowForget(server);
  for (const kind of ["forget", "prune", "check"] as const) {
    const claimed = server.newJob(kind);
    await server.report(server.nas, "job.started", claimed);
    const { body: ordered } = await server.post(kind);
    expect(ordered.state).toBe("sent");
    const away = failed("repository_unreachable");
    await server.report(server.nas, "job.done", ordered, away);
    await server.report(server.nas, "job.done", claimed);
  }
  expect((await server.repository()).retention).toEqual({
    state: "not_enforced",
    reason: "forget_failing",
  });
});

describe("creating a repository anew", () => {
  test("needs its name typed, and is audited [REP-04]", async () => {
    expect(refusalOf(await server.post("reinit", { name: "Backup" }))).toEqual([
      409,
      "repository_name_mismatch",
    ]);
    const { status, body: job } = await server.post("reinit", {
      name: "backup",
    });
    expect([status, job.kind]).toEqual([202, "init"]);
    expect(await server.actions()).toContain("repository.reinit");

    await server.nas.report("repo.stats", {
      repository_id: server.repositoryId,
      at: "2026-01-01T00:00:00.000Z",
      stats: { restic_id: "d".repeat(64) },
    });
    await server.report(server.nas, "job.done", job);
    expect((await server.repository()).repository_id).toBe("d".repeat(64));
  });

  test("never touches one that is there [REP-04]", async () => {
    const { body: job } = await server.post("reinit", { name: "backup" });
    const there = failed("repository_exists");
    await server.report(server.nas, "job.done", job, there);
    expect(await server.job(job.id)).toMatchObject({
      state: "failed",
      error: { code: "repository_exists" },
    });
    expect((await server.repository()).repository_id).toBe("a".repeat(64));
  });
});

test("buttons follow permissions: an operator may check and unlock, and remove nothing [MNT-06]", async () => {
  await allowForget(server);
  const operator = await server.api.as("operator");
  const viewer = await server.api.as("viewer");
  const tried = async (who: Record<string, string>, what: string) => {
    const body = what === "reinit" ? { name: "backup" } : {};
    const path = `${server.base}/${what}`;
    return (await server.api.send("POST", path, body, who)).status;
  };
  for (const what of ["forget", "prune", "unlock-all", "reinit"]) {
    expect([what, await tried(operator, what)]).toEqual([what, 403]);
  }
  for (const what of ["check", "unlock"]) {
    expect([what, await tried(viewer, what)]).toEqual([what, 403]);
    expect([what, await tried(operator, what)]).toEqual([what, 202]);
  }
});

test("an agent that refuses has failed the job, with its reason", async () => {
  server.nas.onCommand("job.start", () =>
    refused("command_unknown", "Update the agent."),
  );
  expect((await server.post("unlock")).body).toMatchObject({
    state: "failed",
    error: { code: "command_unknown", message: "Update the agent." },
  });
});

test("an agent that has the job already, from an attempt whose answer was lost, does it", async () => {
  server.nas.onCommand("job.start", () =>
    refused("command_repeated", "Carried out."),
  );
  expect((await server.post("unlock")).body.state).toBe("sent");
});

test("an agent that does not answer may have the job: it stays sent", async () => {
  server.nas.onCommand("job.start", () => "silent");
  const asked = server.post("unlock");
  await settle();
  await server.clock.advance(10_000);
  expect((await asked).body.state).toBe("sent");
});

test("an unknown repository is not found", async () => {
  const path = "/api/repositories/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  for (const answer of [
    await server.call("POST", `${path}/prune`, {}),
    await server.call("GET", `${path}/maintenance`),
    await server.call("PUT", `${path}/admin-credential`, {}),
    await server.call("DELETE", `${path}/admin-credential`),
  ]) {
    expect(refusalOf(answer)).toEqual([404, "repository_not_found"]);
  }
});
