import { beforeEach, describe, expect, test } from "bun:test";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import { createTestAgent, insertTestHost } from "../../testing/test-agent.ts";
import { createHostsWorld } from "../../testing/hosts-world.ts";
import type { HostsWorld } from "../../testing/hosts-world.ts";

let world: HostsWorld;
let hostId: string;

beforeEach(async () => {
  world = createHostsWorld();
  const agent = createTestAgent(world.clock);
  hostId = agent.hostId;
  await insertTestHost(world.db, agent, { name: "nas", status: "online" });
});

async function patch(body: object, id = hostId) {
  const path = `/api/hosts/${id}`;
  const operator = await world.as("operator");
  const response = await world.send("PATCH", path, body, operator);
  const answer = (await response.json()) as HostDetail & ApiErrorBody;
  return { status: response.status, body: answer };
}

async function detail(): Promise<HostDetail> {
  const headers = await world.as("viewer");
  const response = await world.request(`/api/hosts/${hostId}`, { headers });
  return (await response.json()) as HostDetail;
}

const revision = async () =>
  (
    await world.db
      .selectFrom("hosts")
      .select("cfg_rev")
      .where("id", "=", hostId)
      .executeTakeFirstOrThrow()
  ).cfg_rev;

const setUp = () => world.db.updateTable("hosts").set({ cfg_rev: 4 }).execute();

const audited = () =>
  world.db
    .selectFrom("audit_log")
    .select(["action", "payload"])
    .where("action", "=", "host.update")
    .execute();

describe("the settings of a host", () => {
  test("are changed one by one, and shown [UI-03]", async () => {
    expect(await detail()).toMatchObject({
      tags: [],
      always_on: true,
      bandwidth: { up_kbps: null, down_kbps: null },
    });
    const tagged = await patch({ tags: ["office", "db", "office"] });
    expect(tagged.body.tags).toEqual(["db", "office"]);
    await patch({ always_on: false });
    await patch({ bandwidth: { up_kbps: 2048, down_kbps: null } });
    expect(await detail()).toMatchObject({
      tags: ["db", "office"],
      always_on: false,
      bandwidth: { up_kbps: 2048, down_kbps: null },
    });
  });

  test("leave an audit row that says what they are now", async () => {
    await patch({ tags: ["db"], always_on: false });
    const [row] = await audited();
    expect(JSON.parse(row?.payload ?? "")).toEqual({
      name: "nas",
      tags: ["db"],
      always_on: false,
      up_kbps: null,
      down_kbps: null,
      index_enabled: true,
    });
  });

  test("that stay as they were leave no trace", async () => {
    await setUp();
    await patch({});
    await patch({ always_on: true, tags: [] });
    expect([await audited(), await revision()]).toEqual([[], 4]);
  });

  test("reach the agent when they are limits, and only then [SCH-08]", async () => {
    await setUp();
    await patch({ tags: ["db"], always_on: false });
    expect(await revision()).toBe(4);
    await patch({ bandwidth: { up_kbps: 100, down_kbps: 100 } });
    expect(await revision()).toBe(5);
    expect(world.emitted).toContainEqual({ type: "host.configured", hostId });
  });

  test("reach the agent when it is told to say nothing of new snapshots", async () => {
    await setUp();
    await patch({ index_enabled: false });
    expect(await revision()).toBe(5);
  });

  test("of a host that is not set up make no configuration for it", async () => {
    await patch({ bandwidth: { up_kbps: 100, down_kbps: null } });
    expect(await revision()).toBe(0);
  });

  test.each([
    ["tags.0", { tags: ["Two Words"] }],
    ["tags", { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }],
    ["bandwidth.up_kbps", { bandwidth: { up_kbps: 0, down_kbps: null } }],
    ["bandwidth.down_kbps", { bandwidth: { up_kbps: 1, down_kbps: 1.5 } }],
    ["bandwidth.down_kbps", { bandwidth: { up_kbps: 1 } }],
    ["always_on", { always_on: "no" }],
    ["name", { name: "other" }],
  ])("say at the field %p what is wrong with it", async (field, body) => {
    const answer = await patch(body);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.fields ?? {})).toEqual([field]);
  });

  test("are not a viewer's to change, and need a host", async () => {
    const path = `/api/hosts/${hostId}`;
    const viewer = await world.as("viewer");
    const answer = await world.send("PATCH", path, { tags: [] }, viewer);
    expect(answer.status).toBe(403);
    expect((await patch({}, "h000000000009")).body.code).toBe("host_not_found");
  });
});

describe("an intermittent host that is away", () => {
  test("is asleep, on its row and in the summary, and offline once it is always on [SCH-07]", async () => {
    const job = {
      id: world.random.id(),
      host_id: hostId,
      kind: "backup",
      status: "succeeded",
      actor_kind: "schedule",
      queued_at: "2026-01-01T00:00:00.000Z",
      finished_at: "2026-01-01T00:00:00.000Z",
    } as const;
    await world.db.insertInto("jobs").values(job).execute();
    await patch({ always_on: false });
    await world.db.updateTable("hosts").set({ status: "offline" }).execute();
    const headers = await world.as("viewer");
    const counts = async () =>
      (
        (await (
          await world.request("/api/fleet/summary", { headers })
        ).json()) as { hosts: object }
      ).hosts;

    expect((await detail()).health).toBe("asleep");
    expect(await counts()).toMatchObject({ asleep: 1, offline: 0 });
    await patch({ always_on: true });
    expect((await detail()).health).toBe("offline");
    expect(await counts()).toMatchObject({ asleep: 0, offline: 1 });
  });
});
