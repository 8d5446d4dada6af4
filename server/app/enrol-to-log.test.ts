import { expect, test } from "bun:test";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  createFeaturesWorld,
  createNewAgent,
} from "../testing/features-world.ts";
import { found, setUpBody } from "../testing/test-backups.ts";
import { ok, settle } from "../testing/test-endpoint.ts";

test("one process from the announcement to the job's log [TST-05]", async () => {
  const world = createFeaturesWorld();
  const { send, request, as, db } = world;
  const admin = await as("admin");
  const agent = createNewAgent(world);
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into, field by field
  const json = async (answer: Response | Promise<Response>): Promise<any> => {
    const response = await answer;
    expect([response.status, response.ok]).toEqual([response.status, true]);
    return response.json();
  };
  const get = (path: string) => json(request(path, { headers: admin }));
  const post = (path: string, body: unknown) =>
    json(send("POST", path, body, admin));

  const waiting = agent.wait(await json(agent.announce())).then(json);
  await settle();
  const [pending] = (await get("/api/pending")).pending;
  expect(pending.fingerprint).toBe(agent.fingerprint);
  const host = await post(`/api/pending/${pending.id}/accept`, {
    fingerprint: agent.fingerprint,
  });
  expect((await waiting).status).toBe("approved");

  agent.onCommand("repo.test", () => ok(found()));
  const line = await agent.connect(host.id);
  const made = await post(`/api/hosts/${host.id}/setup`, setUpBody());
  const job = await post(`/api/hosts/${host.id}/jobs`, {
    kind: "backup",
    source_group_id: made.group_id,
  });
  expect(agent.sent.map(({ verb }) => verb)).toEqual([
    "repo.test",
    "cfg.changed",
    "job.start",
  ]);

  const origin = {
    job_id: job.id,
    kind: "backup",
    actor: "user",
    schedule_id: null,
    source_group_id: made.group_id,
    repository_id: made.repository.id,
    started_at: "2026-01-01T00:00:00.000Z",
  };
  const report = async (
    seq: number,
    kind: "job.started" | "job.done",
    p: object,
  ) => {
    const { text } = agent.event(seq, kind, p, { host: host.id });
    await line.publish(topic.event(host.id, kind), text);
  };
  await report(1, "job.started", { ...origin, command: "restic backup" });
  const said = {
    n: 1,
    t: origin.started_at,
    s: "stdout",
    l: "Saved.",
    k: "info",
  };
  await line.publish(
    topic.log(host.id, job.id),
    agent.event(2, "log", { job_id: job.id, lines: [said] }, { host: host.id })
      .text,
  );
  await report(3, "job.done", {
    ...origin,
    outcome: "succeeded",
    finished_at: "2026-01-01T00:00:05.000Z",
    exit_code: 0,
    error: null,
    stats: { snapshot_id: "c".repeat(64) },
    log_lines: 1,
  });
  await settle();

  expect(await get(`/api/jobs/${job.id}`)).toMatchObject({
    state: "succeeded",
    snapshot_id: "c".repeat(64),
    log_lines: 1,
  });
  expect((await get(`/api/jobs/${job.id}/log`)).lines).toEqual([said]);
  expect(await get(`/api/hosts/${host.id}`)).toMatchObject({
    name: "nas",
    online: true,
    health: "healthy",
    last_backup: { state: "succeeded" },
  });
  const audit = await db.selectFrom("audit_log").select("action").execute();
  expect(audit.map(({ action }) => action)).toEqual([
    "host.approve",
    "repository.test",
    "repository.create",
    "host.set_up",
    "job.run",
  ]);
});
