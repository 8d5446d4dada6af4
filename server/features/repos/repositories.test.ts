import { beforeEach, expect, test } from "bun:test";
import { createTestBackups, setUpBody } from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let repositoryId: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  repositoryId = (await server.setUp(host)).repository.id;
});

/** What the agent gets when it asks for its configuration. */
async function fetched(endpoint: TestEndpoint) {
  const answer = (await endpoint.ask("cfg.get", { have: 0 })) as {
    rev: number;
    box: string;
  };
  return endpoint.open("config", answer.rev, answer.box);
}

const patch = (body: object) =>
  server.call("PATCH", `/api/repositories/${repositoryId}`, body);

test("a new password reaches every host of the repository without a restart [CRD-03]", async () => {
  const other = await server.addHost(2, "laptop");
  await server.setUp(other);

  expect((await patch({ password: "new password" })).status).toBe(200);
  await settle();

  for (const endpoint of [host, other]) {
    expect(endpoint.received.at(-1)).toMatchObject({
      verb: "cfg.changed",
      p: { rev: 2 },
    });
    const { rev, repositories } = await fetched(endpoint);
    expect(rev).toBe(2);
    expect(repositories).toEqual([
      {
        id: repositoryId,
        name: "backup",
        url: "rest:http://nas:8000/backup",
        credential: {
          ...setUpBody().repository.credential,
          password: "new password",
        },
      },
    ]);
  }
});

test("blank fields keep what is stored, and nothing is ever returned [CRD-02]", async () => {
  const env = { AWS_ACCESS_KEY_ID: "key id", AWS_SECRET_ACCESS_KEY: "secret" };
  await patch({ env });
  const answer = await patch({
    name: "vault",
    password: "",
    user_password: "",
    ca: "",
    env: { AWS_SECRET_ACCESS_KEY: "" },
  });

  expect(answer.body).toMatchObject({
    name: "vault",
    credential: {
      password_set: true,
      username: "nas",
      user_password_set: true,
      env_names: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
      ca_set: false,
    },
  });
  const { repositories } = await fetched(host);
  expect(repositories[0].credential).toEqual({
    ...setUpBody().repository.credential,
    env,
  });
  const read = await server.call("GET", `/api/repositories/${repositoryId}`);
  expect(read.body).toEqual(answer.body);
  expect(read.text).not.toContain("correct horse");
});

test("the audit row names what changed and not its value [AUD-05]", async () => {
  await patch({ name: "vault", password: "new password" });
  const row = await server.db
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id", "desc")
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({
    action: "repository.update",
    target_id: repositoryId,
    payload: '{"changed":["name","credential"]}',
  });
});

test("a change that changes nothing leaves no trace", async () => {
  const before = await server.actions();
  await patch({ password: "", username: "nas" });
  expect(await server.actions()).toEqual(before);
  expect((await fetched(host)).rev).toBe(1);
});

test("variables that no back end reads are refused", async () => {
  const answer = await patch({ env: { LD_PRELOAD: "/tmp/x.so" } });
  expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
});

test("an unknown repository is not found", async () => {
  const path = "/api/repositories/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  for (const answer of [
    await server.call("GET", path),
    await server.call("PATCH", path, { name: "x" }),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([
      404,
      "repository_not_found",
    ]);
  }
});

test("credentials swapped between two repositories do not open [CRD-01]", async () => {
  const other = await server.addHost(2, "laptop");
  const repository = { ...setUpBody().repository, url: "/srv/restic" };
  await server.setUp(other, { repository });
  const [first, second] = await server.db
    .selectFrom("repository_credentials")
    .select(["id", "sealed"])
    .execute();
  await server.db
    .updateTable("repository_credentials")
    .set({ sealed: second?.sealed ?? new Uint8Array() })
    .where("id", "=", first?.id ?? "")
    .execute();

  expect(await host.ask("cfg.get", { have: 0 })).toBeNull();
  const answer = await server.call("GET", `/api/repositories/${repositoryId}`);
  expect(answer.body.code).toBe("internal");
});

test("a credential moved to another host of the repository does not open [CRD-01]", async () => {
  const { repository } = setUpBody();
  for (const [number, username] of [
    [2, "laptop"],
    [3, "desk"],
  ] as const) {
    const credential = { ...repository.credential, username };
    await server.setUp(await server.addHost(number, username), {
      repository: { ...repository, credential },
    });
  }
  const rows = await server.db
    .selectFrom("repository_credentials")
    .select(["id", "host_id", "sealed"])
    .where("host_id", "is not", null)
    .execute();
  const [moved, target] = rows;
  await server.db
    .updateTable("repository_credentials")
    .set({ sealed: moved?.sealed ?? new Uint8Array() })
    .where("id", "=", target?.id ?? "")
    .execute();

  const answer = await patch({ password: "new password" });
  expect(answer.body.code).toBe("internal");
});

test("only those who may edit credentials may change a repository", async () => {
  const viewer = await server.api.as("viewer");
  const path = `/api/repositories/${repositoryId}`;
  const answer = await server.api.send("PATCH", path, { name: "x" }, viewer);
  expect(answer.status).toBe(403);
});
