import { beforeEach, expect, test } from "bun:test";
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

const spec = {
  name: "home",
  includes: ["/home", "/srv"],
  excludes: ["**/node_modules"],
  options: { exclude_caches: false, one_file_system: true },
};

test("what a host backs up can be replaced, and its agent gets it", async () => {
  const answer = await server.call("PUT", `/api/sources/${groupId}`, spec);
  await settle();

  const group = { id: groupId, retention: {}, ...spec };
  expect(answer.body).toEqual({ ...group, repository_id: null });
  const list = await server.call("GET", `/api/hosts/${host.hostId}/sources`);
  expect(list.body.groups).toEqual([answer.body]);

  expect(host.received.at(-1)?.p).toEqual({ rev: 2 });
  const config = (await host.ask("cfg.get", { have: 1 })) as { box: string };
  expect(host.open("config", 2, config.box).groups).toEqual([
    { ...group, repository_id: expect.any(String) },
  ]);
  expect(await server.actions()).toContain("source_group.update");
});

test("a name that another group of the host has is refused", async () => {
  const at = "2026-01-01T00:00:00.000Z";
  await server.db
    .insertInto("source_groups")
    .values({
      id: server.random.id(),
      host_id: host.hostId,
      name: "home",
      includes: "[]",
      excludes: "[]",
      exclude_caches: 1,
      one_file_system: 0,
      retention: "{}",
      retry_max: 0,
      retry_backoff_s: 60,
      created_at: at,
      updated_at: at,
    })
    .execute();
  const answer = await server.call("PUT", `/api/sources/${groupId}`, spec);
  expect(answer.status).toBe(400);
  expect(answer.body.fields.name.code).toBe("taken");
});

test("names, paths and unknown fields are checked", async () => {
  const answer = await server.call("PUT", `/api/sources/${groupId}`, {
    ...spec,
    name: "My Files",
    includes: ["home"],
    retention: { last: 1 },
  });
  expect(Object.keys(answer.body.fields).sort()).toEqual([
    "includes.0",
    "name",
    "retention",
  ]);
});

test("an unknown group or host is not found", async () => {
  const group = await server.call(
    "PUT",
    "/api/sources/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    spec,
  );
  expect(group.body.code).toBe("source_group_not_found");
  const unknown = await server.call("GET", "/api/hosts/h000000000009/sources");
  expect(unknown.body.code).toBe("host_not_found");
});
