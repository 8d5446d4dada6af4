import { beforeEach, describe, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let groupId: string;
let scheduleId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  const saved = await server.setUp(host);
  groupId = saved.group_id;
  scheduleId = saved.schedule_id;
});

const spec = {
  name: "home",
  includes: ["/home", "/srv"],
  excludes: ["**/node_modules"],
  options: { exclude_caches: false, one_file_system: true },
};
const policy = { daily: 7, weekly: 5, within: "3d", tags: ["keep"] };
const unknownId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

const put = (over: object = {}, id = groupId) =>
  server.call("PUT", `/api/sources/${id}`, { ...spec, ...over });
const post = (over: object = {}) =>
  server.call("POST", `/api/hosts/${host.hostId}/sources`, {
    ...spec,
    ...over,
  });
const remove = (id: string) => server.call("DELETE", `/api/sources/${id}`);

async function shown() {
  const path = `/api/hosts/${host.hostId}/sources`;
  return (await server.call("GET", path)).body.groups;
}

async function bundled(rev: number) {
  const config = (await host.ask("cfg.get", { have: 0 })) as { box: string };
  return host.open("config", rev, config.box);
}

const none = { pre: "none", post: "none", unreadable: false };

describe("a host that was set up", () => {
  test("has a group with the paths it was given, keeps everything and tries again [SRC-01]", async () => {
    expect(await shown()).toEqual([
      {
        id: groupId,
        name: "default",
        repository_id: null,
        includes: ["/etc"],
        excludes: ["*.tmp"],
        options: { exclude_caches: true, one_file_system: false },
        retention: {},
        retry: { max: 3, backoff_s: 60 },
        hooks: none,
        schedule_ids: [scheduleId],
        conflict: null,
        revision: expect.any(String),
      },
    ]);
  });

  test("may have got a retention policy with its set-up", async () => {
    const other = await server.addHost(2, "laptop");
    const source = { ...spec, retention: policy, retry: { max: 0 } };
    await server.setUp(other, { source });
    const path = `/api/hosts/${other.hostId}/sources`;
    expect((await server.call("GET", path)).body.groups).toMatchObject([
      { retention: policy, retry: { max: 0, backoff_s: 60 } },
    ]);
  });
});

describe("changing a group", () => {
  test("replaces what is backed up and how long it is kept, and its agent gets it [SRC-01] [SCH-02]", async () => {
    const retry = { max: 5, backoff_s: 120 };
    const answer = await put({ retention: policy, retry });
    await settle();

    const group = { id: groupId, ...spec, retention: policy, retry };
    expect(answer.body).toEqual({
      ...group,
      repository_id: null,
      hooks: none,
      schedule_ids: [scheduleId],
      conflict: null,
      revision: expect.any(String),
    });
    expect(await shown()).toEqual([answer.body]);
    expect(host.received.at(-1)?.p).toEqual({ rev: 2 });
    expect((await bundled(2)).groups).toEqual([
      {
        ...group,
        repository_id: expect.any(String),
        hooks: { pre: null, post: null, timeout_s: 600, unreadable: false },
      },
    ]);
    expect(await server.actions()).toContain("source_group.update");
  });

  test("that somebody else has changed since it was opened is refused and changes nothing", async () => {
    const [{ revision }] = await shown();
    const theirs = await put({ includes: ["/theirs"] });
    const mine = { includes: ["/mine"], revision };
    const refused = await put(mine);
    expect([refused.status, refused.body.code]).toEqual([
      409,
      "changed_meanwhile",
    ]);
    expect(await shown()).toEqual([theirs.body]);
    // Hooks have an editor of their own.
    const hooks = { pre: "true", post: null, timeout_s: 60 };
    await server.call("PUT", `/api/sources/${groupId}/hooks`, hooks);
    const over = await put({ ...mine, revision: theirs.body.revision });
    expect(over.body).toMatchObject({ includes: ["/mine"] });
    // Its answer was lost: what is wanted is what is stored.
    expect((await put(mine)).status).toBe(200);
  });

  test("leaves retention and retries as they are when it does not name them", async () => {
    const retry = { max: 1, backoff_s: 30 };
    await put({ retention: policy, retry });
    expect((await put({ includes: ["/opt"] })).body).toMatchObject({
      includes: ["/opt"],
      retention: policy,
      retry,
    });
    expect((await put({ retention: {} })).body.retention).toEqual({});
  });

  test("can name one of the host's repositories, and no other's", async () => {
    const [own] = (
      await server.call("GET", `/api/hosts/${host.hostId}/repositories`)
    ).body.repositories;
    expect((await put({ repository_id: own.id })).body.repository_id).toBe(
      own.id,
    );
    expect((await bundled(2)).groups[0].repository_id).toBe(own.id);
    const foreign = await put({ repository_id: unknownId });
    expect(foreign.status).toBe(400);
    expect(foreign.body.fields).toHaveProperty("repository_id");
  });

  test("to the name of another group is refused [SRC-01]", async () => {
    await post({ name: "other" });
    const answer = await put({ name: "other" });
    expect(answer.status).toBe(400);
    expect(answer.body.fields.name.code).toBe("taken");
    expect((await shown())[0].name).toBe("default");
  });

  test("says at each field what is wrong with it [SRC-01]", async () => {
    const answer = await put({
      name: "My Files",
      includes: ["home", "/srv", "/srv"],
      retention: { last: 0, within: "soon" },
      retry: { max: 99 },
      pre_hook: "true",
    });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.fields).sort()).toEqual([
      "includes.0",
      "includes.2",
      "name",
      "pre_hook",
      "retention.last",
      "retention.within",
      "retry.max",
    ]);
    expect(
      (await put({ options: {}, includes: ["/srv", "/srv/a"] })).body.fields,
    ).toHaveProperty(["includes.1"]);
  });
});

describe("a new group", () => {
  test("is added, and its agent gets it [SRC-01]", async () => {
    const answer = await post({ retention: policy });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...spec,
      retention: policy,
      retry: { max: 3, backoff_s: 60 },
      schedule_ids: [],
      conflict: null,
    });
    expect((await shown()).map((g: { name: string }) => g.name)).toEqual([
      "default",
      "home",
    ]);
    expect((await bundled(2)).groups).toHaveLength(2);
    expect(await server.actions()).toContain("source_group.create");
  });

  test("needs a host that is set up, a name of its own and room", async () => {
    const fresh = await server.addHost(2, "fresh");
    const early = await server.call(
      "POST",
      `/api/hosts/${fresh.hostId}/sources`,
      spec,
    );
    expect(early.body.code).toBe("host_not_set_up");
    expect((await post({ name: "default" })).body.fields.name.code).toBe(
      "taken",
    );
    for (let n = 1; n < 100; n++) await post({ name: `group-${n}` });
    expect((await post({ name: "one-more" })).body.code).toBe("host_full");
    expect(await shown()).toHaveLength(100);
  });

  test("that would not fit into the message to the agent is refused, and nothing is kept", async () => {
    const includes = (n: number) =>
      Array.from({ length: 60 }, (_, i) => `/${n}-${i}-${"x".repeat(3900)}`);
    for (let n = 1; n < 5; n++) {
      const answer = await post({ name: `group-${n}`, includes: includes(n) });
      expect([answer.status, answer.body.code]).toEqual(
        n < 4 ? [201, undefined] : [409, "configuration_too_large"],
      );
    }
    expect(await shown()).toHaveLength(4);
    expect((await bundled(4)).groups).toHaveLength(4);
  });
});

test("what becomes of a group is told to whoever looks at its repository", async () => {
  const [{ id: repositoryId }] = (
    await server.call("GET", `/api/hosts/${host.hostId}/repositories`)
  ).body.repositories;
  const told = () =>
    server.heard.filter(
      (event) =>
        event.type === "repository.changed" &&
        event.repositoryId === repositoryId,
    ).length;
  const before = told();
  const { id } = (await post({ retention: policy })).body;
  expect(told()).toBe(before + 1);
  await put({ repository_id: repositoryId, retention: {} }, id);
  expect(told()).toBe(before + 2);
  await remove(id);
  expect(told()).toBe(before + 3);
});

describe("deleting a group", () => {
  test("is refused while schedules run it, and names them [SRC-02]", async () => {
    const answer = await remove(groupId);
    expect(answer.status).toBe(409);
    const [{ cron }] = (
      await server.call("GET", `/api/hosts/${host.hostId}/schedules`)
    ).body.schedules;
    expect(answer.body).toMatchObject({
      code: "source_group_used",
      used_by: [{ id: scheduleId, name: cron }],
    });
    expect(await shown()).toHaveLength(1);
  });

  test("takes it from the list and from its agent; a job of it stays [SRC-02]", async () => {
    const job = {
      job_id: "01JGG8V4N000000000000000J1",
      kind: "backup",
      actor: "schedule",
      schedule_id: scheduleId,
      source_group_id: groupId,
      repository_id: null,
      started_at: "2026-01-01T00:00:00.000Z",
    };
    await host.report("job.started", { ...job, command: "restic backup" });
    await server.call("DELETE", `/api/schedules/${scheduleId}`);
    expect((await remove(groupId)).status).toBe(204);
    expect(await shown()).toEqual([]);
    expect(await bundled(3)).toMatchObject({ groups: [], schedules: [] });
    expect(await server.actions()).toContain("source_group.delete");

    await host.report("job.done", {
      ...job,
      outcome: "succeeded",
      finished_at: "2026-01-01T00:01:00.000Z",
      exit_code: 0,
      error: null,
      stats: null,
      log_lines: 0,
    });
    const kept = await server.call("GET", `/api/jobs/${job.job_id}`);
    expect(kept.body).toMatchObject({
      state: "succeeded",
      source_group_id: null,
    });
  });

  test("and a schedule that is made for it at the same moment: one of the two is refused", async () => {
    const { id } = (await post()).body;
    const [made, removed] = await Promise.all([
      server.call("POST", `/api/hosts/${host.hostId}/schedules`, {
        cron: "0 1 * * *",
        group_ids: [id],
      }),
      remove(id),
    ]);
    expect([
      [201, 409],
      [400, 204],
    ]).toContainEqual([made.status, removed.status]);
  });
});

describe("a keep rule that is finer than the schedules", () => {
  async function schedule(cron: string) {
    await server.call("PATCH", `/api/schedules/${scheduleId}`, { cron });
  }

  test("is named until a schedule is as fine, or the rule goes [SRC-04]", async () => {
    await put({ retention: { hourly: 24, daily: 7 } });
    expect((await shown())[0].conflict).toBe("hourly");
    await schedule("0 */6 * * *");
    expect((await shown())[0].conflict).toBeNull();
    await schedule("0 3 * * 0");
    expect((await shown())[0].conflict).toBe("hourly");
    expect((await put({ retention: { daily: 7 } })).body.conflict).toBe(
      "daily",
    );
    expect((await put({ retention: { weekly: 4 } })).body.conflict).toBeNull();
  });

  test("is measured by schedules that are on [SRC-04]", async () => {
    await put({ retention: { hourly: 24 } });
    const made = await server.call(
      "POST",
      `/api/hosts/${host.hostId}/schedules`,
      { cron: "0 * * * *", group_ids: [groupId] },
    );
    expect((await shown())[0].conflict).toBeNull();
    const path = `/api/schedules/${made.body.id}`;
    await server.call("PATCH", path, { enabled: false });
    expect((await shown())[0].conflict).toBe("hourly");
    await server.call("PATCH", `/api/schedules/${scheduleId}`, {
      enabled: false,
    });
    expect((await shown())[0].conflict).toBeNull();
  });
});

test("an unknown group or host is not found", async () => {
  expect((await put({}, unknownId)).body.code).toBe("source_group_not_found");
  expect((await remove(unknownId)).body.code).toBe("source_group_not_found");
  const path = "/api/hosts/h000000000009/sources";
  expect((await server.call("GET", path)).body.code).toBe("host_not_found");
  expect((await server.call("POST", path, spec)).body.code).toBe(
    "host_not_found",
  );
});
