import { beforeEach, describe, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let scheduleId: string;
let groupId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  const saved = await server.setUp(host);
  scheduleId = saved.schedule_id;
  groupId = saved.group_id;
});

const cron = "0 1 * * *";
const unknownId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ofHost = (hostId: string, rest: string) =>
  `/api/hosts/${hostId}/schedules${rest}`;
const post = (body: object, hostId = host.hostId) =>
  server.call("POST", ofHost(hostId, ""), body);
const patch = (body: object, id = scheduleId) =>
  server.call("PATCH", `/api/schedules/${id}`, body);
const preview = (text: string, hostId = host.hostId) =>
  server.call(
    "GET",
    ofHost(hostId, `/preview?cron=${encodeURIComponent(text)}`),
  );

async function shown() {
  return (await server.call("GET", ofHost(host.hostId, ""))).body.schedules;
}

async function addGroup(name: string, on = host): Promise<string> {
  const path = `/api/hosts/${on.hostId}/sources`;
  const spec = { name, includes: [`/${name}`] };
  return (await server.call("POST", path, spec)).body.id;
}

async function bundled(rev: number) {
  const config = (await host.ask("cfg.get", { have: 0 })) as { box: string };
  return host.open("config", rev, config.box).schedules;
}

describe("a new schedule", () => {
  test("runs groups of its host in the order they are named, and its agent gets it [SCH-01] [SCH-02]", async () => {
    const files = await addGroup("files");
    const answer = await post({ cron, group_ids: [files, groupId] });
    await settle();
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String),
      cron,
      enabled: true,
      group_ids: [files, groupId],
      tz: "Etc/UTC",
      next: [],
      problem: null,
      missed: [],
      applied: false,
      revision: expect.any(String),
    });
    expect(await shown()).toContainEqual(answer.body);
    expect(host.received.at(-1)?.p).toEqual({ rev: 3 });
    expect(await bundled(3)).toContainEqual({
      id: answer.body.id,
      cron,
      enabled: true,
      group_ids: [files, groupId],
    });
    expect(await server.actions()).toContain("schedule.create");
  });

  test("may begin switched off", async () => {
    const answer = await post({ cron, group_ids: [groupId], enabled: false });
    expect(answer.body.enabled).toBe(false);
  });

  for (const [text, code] of [
    ["0 0 30 2 *", "cron_invalid"],
    ["0 0 31 4,6,9,11 *", "cron_invalid"],
    ["50-10 * * * *", "cron_invalid"],
    ["*/0 * * * *", "cron_invalid"],
    ["0 24 * * *", "cron_invalid"],
    ["0 0 * FOO *", "cron_invalid"],
    ["0 0 1 2 * *", "invalid_request"],
    ["0 3 * *", "invalid_request"],
    ["@daily", "invalid_request"],
    ["0 3 * * 5L", "invalid_request"],
    ["", "invalid_request"],
  ] as const) {
    test(`at "${text}" is refused at its field, when made, changed or previewed [SCH-01]`, async () => {
      const before = await shown();
      for (const answer of [
        await post({ cron: text, group_ids: [groupId] }),
        await patch({ cron: text }),
        await preview(text),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([400, code]);
        expect(answer.body.fields.cron.message).toMatch(/^[A-Z].*\.$/);
      }
      expect(await shown()).toEqual(before);
    });
  }

  test("of another host's group, of none, or of one group twice is refused [SCH-01]", async () => {
    const other = await server.addHost(2, "laptop");
    const { group_id } = await server.setUp(other);
    const fieldsOf = async (group_ids: string[]) =>
      (await post({ cron, group_ids })).body.fields;
    expect(await fieldsOf([groupId, group_id])).toMatchObject({
      "group_ids.1": { code: "invalid" },
    });
    expect(await fieldsOf([groupId, groupId])).toMatchObject({
      "group_ids.1": { code: "taken" },
    });
    expect(await fieldsOf([])).toHaveProperty("group_ids");
    expect(await shown()).toHaveLength(1);
  });

  test("needs a host that is there, and room", async () => {
    const body = { cron, group_ids: [groupId] };
    expect((await post(body, "h000000000009")).body.code).toBe(
      "host_not_found",
    );
    for (let n = 1; n < 100; n++) await post(body);
    expect((await post(body)).body.code).toBe("host_full");
  });
});

describe("changing a schedule", () => {
  test("gives it other groups in another order [SCH-01] [SCH-04]", async () => {
    const [a, b] = [await addGroup("a"), await addGroup("b")];
    expect((await patch({ group_ids: [b, groupId, a] })).body).toMatchObject({
      group_ids: [b, groupId, a],
    });
    expect((await patch({ group_ids: [a] })).body.group_ids).toEqual([a]);
    expect((await shown())[0].group_ids).toEqual([a]);
    const removed = await server.call("DELETE", `/api/sources/${b}`);
    expect(removed.status).toBe(204);
  });

  test("that somebody else has changed since it was opened is refused and changes nothing", async () => {
    const [{ revision }] = await shown();
    const theirs = await patch({ enabled: false });
    const refused = await patch({ cron, revision });
    expect([refused.status, refused.body.code]).toEqual([
      409,
      "changed_meanwhile",
    ]);
    expect(await shown()).toEqual([theirs.body]);
    const over = await patch({ cron, revision: theirs.body.revision });
    expect(over.body).toMatchObject({ cron, enabled: false });
    // Its answer was lost: what is wanted is what is stored.
    expect((await patch({ cron, revision })).status).toBe(200);
  });

  test("to nothing new leaves no trace", async () => {
    const [before] = await shown();
    const { group_ids } = before;
    const actions = await server.actions();
    expect((await patch({ group_ids, cron: before.cron })).body).toEqual(
      before,
    );
    expect(await server.actions()).toEqual(actions);
  });

  test("while it fires keeps what the fire is of", async () => {
    const job = {
      job_id: "01JGG8V4N000000000000000J1",
      kind: "backup",
      actor: "schedule",
      schedule_id: scheduleId,
      source_group_id: groupId,
      repository_id: null,
      started_at: "2026-01-01T02:30:00.000Z",
      command: "restic backup",
    };
    await patch({ cron: "0 5 * * *" });
    await host.report("job.started", job);
    const { body } = await server.call("GET", `/api/jobs/${job.job_id}`);
    expect(body).toMatchObject({ schedule_id: scheduleId, state: "running" });
  });
});

describe("deleting a schedule", () => {
  test("takes it from its agent; an empty set clears the old times [SCH-02]", async () => {
    const answer = await server.call("DELETE", `/api/schedules/${scheduleId}`);
    await settle();
    expect(answer.status).toBe(204);
    expect(await shown()).toEqual([]);
    expect(host.received.at(-1)?.p).toEqual({ rev: 2 });
    expect(await bundled(2)).toEqual([]);
    expect(await server.actions()).toContain("schedule.delete");
  });

  test("twice finds nothing the second time", async () => {
    const again = () => server.call("DELETE", `/api/schedules/${scheduleId}`);
    await again();
    expect((await again()).body.code).toBe("schedule_not_found");
    expect((await patch({}, unknownId)).body.code).toBe("schedule_not_found");
  });
});

describe("the preview", () => {
  const setZone = (tz: string) =>
    server.db
      .updateTable("hosts")
      .set({ tz })
      .where("id", "=", host.hostId)
      .execute();

  test("shows the next five fires in the host's own zone [SCH-01]", async () => {
    await setZone("Europe/Berlin");
    expect((await preview("30 2 * * *")).body).toEqual({
      tz: "Europe/Berlin",
      next: [1, 2, 3, 4, 5].map((day) => `2026-01-0${day}T01:30:00.000Z`),
    });
    expect((await preview("0 0 29 2 *")).body.next).toHaveLength(5);
  });

  test("of a host in a zone that nobody knows says so", async () => {
    await setZone("Mars/Olympus");
    const answer = await preview(cron);
    expect([answer.status, answer.body.code]).toEqual([409, "zone_unknown"]);
  });

  test("needs a host that is there", async () => {
    expect((await preview(cron, "h000000000009")).body.code).toBe(
      "host_not_found",
    );
  });
});
