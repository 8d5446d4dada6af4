import { expect, test } from "bun:test";
import { topic } from "@restic-manager/shared/protocol/topic.ts";
import {
  createFeaturesWorld,
  createNewAgent,
} from "../testing/features-world.ts";
import { insertTestHost } from "../testing/test-agent.ts";
import { found, setUpBody } from "../testing/test-backups.ts";
import { ok, settle } from "../testing/test-endpoint.ts";

test("removing a host in the middle of a backup leaves nothing of it but the audit log and its key [ENR-13]", async () => {
  const world = createFeaturesWorld();
  const { send, as, db } = world;
  const admin = await as("admin");
  const agent = createNewAgent(world);
  const { hostId } = agent;
  await insertTestHost(db, agent, { name: "nas" });
  agent.onCommand("repo.test", () => ok(found()));
  const line = await agent.connect(hostId);
  const post = async (path: string, body: object) =>
    (await send("POST", `/api/hosts/${hostId}/${path}`, body, admin)).json();
  const made = (await post("setup", setUpBody())) as { group_id: string };
  const group = { source_group_id: made.group_id };
  const job = (await post("jobs", { kind: "backup", ...group })) as {
    id: string;
  };
  const lines = [
    { n: 1, t: "2026-01-01T00:00:00.000Z", s: "stdout", l: "One.", k: "info" },
  ];
  const log = (seq: number) =>
    line.publish(
      topic.log(hostId, job.id),
      agent.event(seq, "log", { job_id: job.id, lines }).text,
    );
  await log(1);
  await settle();
  const removal = send(
    "DELETE",
    `/api/hosts/${hostId}`,
    { name: "nas" },
    admin,
  );
  expect((await removal).status).toBe(200);
  world.logLines.length = 0;
  await log(2);
  await settle();

  for (const table of [
    "hosts",
    "jobs",
    "job_logs",
    "schedules",
    "source_groups",
    "repositories",
    "repository_credentials",
    "host_repositories",
    "agent_streams",
  ] as const)
    expect([table, await db.selectFrom(table).selectAll().execute()]).toEqual([
      table,
      [],
    ]);
  const kept = await db.selectFrom("former_keys").selectAll().execute();
  expect(kept).toMatchObject([{ host_name: "nas", reason: "removed" }]);
  expect(world.logLines.join("")).not.toContain('"level":"error"');
  world.stop();
});
