import { beforeEach, describe, expect, test } from "bun:test";
import { createTestBackups } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let groupId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  groupId = (await server.setUp(host)).group_id;
});

const dump = "mariadb-dump --password=hunter2 --all-databases > /var/dump.sql";
const start = "docker start app";

const groupPath = () => `/api/sources/${groupId}/hooks`;
const hostPath = () => `/api/hosts/${host.hostId}/hooks`;
const ofGroup = async () => (await server.call("GET", groupPath())).body;
const ofHost = async () => (await server.call("GET", hostPath())).body;
const putGroup = (hooks: object) => server.call("PUT", groupPath(), hooks);
const putHost = (hooks: object) =>
  server.call("PUT", hostPath(), { shell: null, ...hooks });

async function config(): Promise<{
  rev: number;
  hook_shell: string[] | null;
  groups: { hooks: object }[];
}> {
  const asked = await host.ask("cfg.get", { have: 0 });
  const { rev, box } = asked as { rev: number; box: string };
  return host.open("config", rev, box);
}
const bundled = async () => (await config()).groups[0]?.hooks;

async function shownAs() {
  const path = `/api/hosts/${host.hostId}/sources`;
  return (await server.call("GET", path)).body.groups[0].hooks;
}

describe("the hooks of a group", () => {
  test("are the host's where it has none of its own, and none where the host has none [HKS-01]", async () => {
    const none = { pre: null, post: null, timeout_s: 600, unreadable: false };
    expect(await bundled()).toEqual(none);
    await putHost({ pre: dump, post: null, timeout_s: 900 });
    expect(await bundled()).toEqual({ ...none, pre: dump, timeout_s: 900 });
    expect(await shownAs()).toEqual({
      pre: "host",
      post: "none",
      unreadable: false,
    });
    expect(await ofGroup()).toEqual({
      hooks: { pre: null, post: null, timeout_s: 900 },
      inherited: { pre: dump, post: null, timeout_s: 900 },
      unreadable: false,
    });
  });

  test("override the host's, one by one [HKS-01]", async () => {
    await putHost({ pre: dump, post: start, timeout_s: 900 });
    await putGroup({ pre: "sync", post: null, timeout_s: 60 });
    expect(await bundled()).toEqual({
      pre: "sync",
      post: start,
      timeout_s: 60,
      unreadable: false,
    });
    expect(await shownAs()).toMatchObject({ pre: "group", post: "host" });
  });

  test("may be none although the host has one [HKS-01]", async () => {
    await putHost({ pre: dump, post: start });
    await putGroup({ pre: "", post: " \n" });
    expect(await bundled()).toMatchObject({ pre: null, post: null });
    expect(await shownAs()).toMatchObject({ pre: "none", post: "none" });
    expect((await ofGroup()).hooks).toMatchObject({ pre: "", post: "" });
  });

  test("fall back to the host's when they are taken away, with its time limit [HKS-01]", async () => {
    await putHost({ pre: dump, post: null, timeout_s: 900 });
    await putGroup({ pre: "sync", post: null, timeout_s: 60 });
    await putGroup({ pre: null, post: null, timeout_s: 60 });
    expect(await bundled()).toMatchObject({ pre: dump, timeout_s: 900 });
  });

  test("reach the agent with the next configuration [HKS-01]", async () => {
    await putGroup({ pre: dump, post: null });
    await settle();
    expect(host.received.at(-1)).toMatchObject({
      verb: "cfg.changed",
      p: { rev: 2 },
    });
  });
});

describe("the hooks of a host", () => {
  test("come with the shell they are run by [HKS-05]", async () => {
    const shell = ["/bin/bash", "-euo", "pipefail", "-c"];
    const answer = await putHost({ pre: dump, post: "", shell });
    expect(answer.body).toEqual({
      hooks: { pre: dump, post: null, timeout_s: 600, shell },
      unreadable: false,
    });
    expect((await config()).hook_shell).toEqual(shell);
    await putHost({ pre: dump, post: null });
    expect((await config()).hook_shell).toBeNull();
  });

  test("that is not set up yet are kept for later, and it has no configuration for them", async () => {
    const fresh = await server.addHost(2, "fresh");
    const path = `/api/hosts/${fresh.hostId}/hooks`;
    const hooks = { pre: dump, post: null, shell: null };
    expect((await server.call("PUT", path, hooks)).status).toBe(200);
    expect(await fresh.ask("cfg.get", { have: 0 })).toBeNull();
  });
});

describe("hooks are kept as secrets", () => {
  test("and stand in no answer, audit row, log line or column but their own form [HKS-04]", async () => {
    await putHost({ pre: dump, post: dump });
    await putGroup({ pre: dump, post: dump });
    const text = JSON.stringify({
      hosts: await server.db.selectFrom("hosts").selectAll().execute(),
      groups: await server.db.selectFrom("source_groups").selectAll().execute(),
      audit: await server.db.selectFrom("audit_log").selectAll().execute(),
      shown: await shownAs(),
      log: server.logLines,
    });
    expect(text).not.toContain("hunter2");
    const { pre_hook } = await server.db
      .selectFrom("source_groups")
      .select("pre_hook")
      .executeTakeFirstOrThrow();
    expect(Buffer.from(pre_hook ?? []).toString("latin1")).not.toContain(
      "mariadb",
    );
  });

  test("every change of them is audited, without what they say [HKS-04]", async () => {
    await putGroup({ pre: dump, post: null, timeout_s: 60 });
    await putHost({ pre: "", post: start, shell: ["bash", "-c"] });
    const rows = await server.db
      .selectFrom("audit_log")
      .select(["target_kind", "target_id", "payload"])
      .where("action", "=", "hooks.update")
      .orderBy("id")
      .execute();
    expect(
      rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) })),
    ).toEqual([
      {
        target_kind: "source_group",
        target_id: groupId,
        payload: {
          host_id: host.hostId,
          group: "default",
          pre: "set",
          post: "inherited",
          timeout_s: 60,
        },
      },
      {
        target_kind: "host",
        target_id: host.hostId,
        payload: { pre: "none", post: "set", timeout_s: 600, shell: "own" },
      },
    ]);
  });

  test.each(["operator", "viewer"] as const)(
    "the %s neither reads nor writes them [HKS-04]",
    async (role) => {
      await putGroup({ pre: dump, post: null });
      const headers = await server.api.as(role);
      const hooks = { pre: null, post: null };
      for (const path of [groupPath(), hostPath()]) {
        const read = await server.api.request(path, { headers });
        const write = await server.api.send("PUT", path, hooks, headers);
        expect([read.status, write.status]).toEqual([403, 403]);
        expect(await read.text()).not.toContain("hunter2");
      }
      expect(await bundled()).toMatchObject({ pre: dump });
    },
  );

  test("a box that was moved to another group does not open there", async () => {
    const path = `/api/hosts/${host.hostId}/sources`;
    const spec = { name: "other", includes: ["/srv"] };
    const { id } = (await server.call("POST", path, spec)).body;
    await putGroup({ pre: dump, post: null });
    const { pre_hook } = await server.db
      .selectFrom("source_groups")
      .select("pre_hook")
      .where("id", "=", groupId)
      .executeTakeFirstOrThrow();
    await server.db
      .updateTable("source_groups")
      .set({ pre_hook })
      .where("id", "=", id)
      .execute();
    const moved = await server.call("GET", `/api/sources/${id}/hooks`);
    expect(moved.body).toMatchObject({
      hooks: { pre: null },
      unreadable: true,
    });
  });
});

describe("a hook that cannot be decrypted", () => {
  const spoil = (table: "hosts" | "source_groups", column: string) =>
    server.db
      .updateTable(table)
      .set({ [column]: new Uint8Array(64) })
      .execute();

  test("keeps backups of its group from running, until it is entered again [HKS-04]", async () => {
    await putGroup({ pre: dump, post: null });
    await spoil("source_groups", "pre_hook");
    expect(await bundled()).toMatchObject({ pre: null, unreadable: true });
    expect(await shownAs()).toMatchObject({ pre: "group", unreadable: true });
    expect(await ofGroup()).toMatchObject({
      hooks: { pre: null },
      unreadable: true,
    });
    const mended = await putGroup({ pre: dump, post: null });
    expect(mended.body.unreadable).toBe(false);
    expect(await bundled()).toMatchObject({ pre: dump, unreadable: false });
  });

  test("of the host counts where a group inherits it", async () => {
    await putHost({ pre: null, post: dump });
    await spoil("hosts", "post_hook");
    expect(await bundled()).toMatchObject({ post: null, unreadable: true });
    expect((await ofHost()).unreadable).toBe(true);
    await putGroup({ pre: null, post: "" });
    expect(await bundled()).toMatchObject({ post: null, unreadable: false });
  });
});

describe("what is not a hook is refused", () => {
  test.each([
    ["pre", { pre: "x".repeat(16_385), post: null }],
    ["post", { pre: null, post: "a\0b" }],
    ["timeout_s", { pre: null, post: null, timeout_s: 0 }],
    ["timeout_s", { pre: null, post: null, timeout_s: 86_401 }],
    ["post", { pre: null }],
    ["on_error", { pre: null, post: null, on_error: "true" }],
  ])("at its field %p", async (field, hooks) => {
    const answer = await putGroup(hooks);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.fields)).toEqual([field]);
  });

  test("a shell without a program", async () => {
    const fields = async (shell: unknown) =>
      Object.keys(
        (await putHost({ pre: null, post: null, shell })).body.fields,
      );
    expect(await fields([])).toEqual(["shell"]);
    expect(await fields([""])).toEqual(["shell.0"]);
    expect(await fields("bash -c")).toEqual(["shell"]);
  });

  test("anywhere else: they are for backups alone [HKS-04]", async () => {
    const hooks = { pre_hook: "true", hooks: { pre: "true" } };
    const run = `/api/hosts/${host.hostId}/jobs`;
    const backup = { kind: "backup", source_group_id: groupId };
    for (const [method, path, body] of [
      ["POST", run, { ...backup, ...hooks }],
      ["POST", run, { ...backup, kind: "forget", ...hooks }],
      ["PUT", `/api/sources/${groupId}`, { ...hooks }],
    ] as const) {
      const answer = await server.call(method, path, body);
      expect(answer.status).toBe(400);
      expect(answer.body.fields).toHaveProperty("pre_hook");
    }
  });

  test("of a group or host that is not there", async () => {
    const group = "/api/sources/01ARZ3NDEKTSV4RRFFQ69G5FAV/hooks";
    const hooks = { pre: null, post: null };
    for (const answer of [
      await server.call("GET", group),
      await server.call("PUT", group, hooks),
    ]) {
      expect(answer.body.code).toBe("source_group_not_found");
    }
    const path = "/api/hosts/h000000000009/hooks";
    for (const answer of [
      await server.call("GET", path),
      await server.call("PUT", path, { ...hooks, shell: null }),
    ]) {
      expect(answer.body.code).toBe("host_not_found");
    }
  });
});
