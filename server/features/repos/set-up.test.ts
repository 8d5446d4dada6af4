import { beforeEach, expect, test } from "bun:test";
import {
  createTestBackups,
  found,
  resticId,
  setUpBody,
} from "../../testing/test-backups.ts";
import type { TestBackups } from "../../testing/test-backups.ts";
import { ok, refused, settle } from "../../testing/test-endpoint.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestBackups;
let host: TestEndpoint;
let path: string;

beforeEach(async () => {
  server = await createTestBackups();
  host = await server.addHost(1, "nas");
  path = `/api/hosts/${host.hostId}/setup`;
  host.onCommand("repo.test", () => ok(found()));
});

async function nothingSaved(): Promise<void> {
  for (const table of [
    "repositories",
    "host_repositories",
    "repository_credentials",
    "source_groups",
    "schedules",
    "jobs",
  ] as const) {
    const rows = await server.db.selectFrom(table).selectAll().execute();
    expect([table, rows]).toEqual([table, []]);
  }
  const hosts = await server.db.selectFrom("hosts").select("cfg_rev").execute();
  expect(hosts).toEqual([{ cfg_rev: 0 }]);
}

test("a tested repository is saved with source, nightly schedule and sealed secrets, and the agent is told", async () => {
  const answer = await server.call("POST", path, setUpBody());

  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({
    repository: {
      name: "backup",
      url: "rest:http://nas:8000/backup",
      status: "ready",
      repository_id: resticId,
      credential: {
        password_set: true,
        username: "nas",
        user_password_set: true,
      },
    },
    test: { snapshot_count: 0 },
  });
  const { body: schedules } = await server.call(
    "GET",
    `/api/hosts/${host.hostId}/schedules`,
  );
  expect(schedules.schedules).toEqual([
    expect.objectContaining({
      id: answer.body.schedule_id,
      enabled: true,
      cron: expect.stringMatching(/^\d{1,2} [1-4] \* \* \*$/),
      group_ids: [answer.body.group_id],
      next: [],
      applied: false,
    }),
  ]);
  await settle();
  expect(host.received.map((sent) => [sent.verb, sent.p])).toEqual([
    ["repo.test", { box: expect.any(String) }],
    ["cfg.changed", { rev: 1 }],
  ]);
});

test("the agent alone can read what it is to test [TRN-08]", async () => {
  const other = await server.addHost(2, "other");
  await server.call("POST", path, setUpBody());

  const [sent] = host.received.map(({ id, p }) => ({
    id,
    box: (p as { box: string }).box,
  }));
  const { id, box } = sent ?? { id: "", box: "" };
  expect(host.open("repo-test", id, box)).toEqual({
    url: "rest:http://nas:8000/backup",
    mode: "existing",
    includes: ["/etc"],
    credential: setUpBody().repository.credential,
  });
  expect(other.open("repo-test", id, box)).toBeNull();
  expect(JSON.stringify(host.received)).not.toContain("battery staple");
});

test("no secret is in the answer, the audit, the log or the database in clear [AUD-05] [CRD-02]", async () => {
  const { text } = await server.call("POST", path, setUpBody());
  const audit = await server.db.selectFrom("audit_log").selectAll().execute();
  const boxes = await server.db
    .selectFrom("repository_credentials")
    .select("sealed")
    .execute();

  expect(audit.map((row) => row.action)).toEqual([
    "repository.test",
    "repository.create",
    "host.set_up",
  ]);
  const everything = [
    text,
    JSON.stringify(audit),
    server.logLines.join(""),
    ...boxes.map((row) => Buffer.from(row.sealed).toString("latin1")),
  ].join();
  expect(everything).not.toContain("correct horse");
  expect(everything).not.toContain("battery staple");
});

for (const [code, message] of [
  ["repository_missing", "There is no repository at this address."],
  ["repository_exists", "A repository already exists at this address."],
  ["wrong_password", "The repository password is wrong."],
  ["repository_full", "There is no space left."],
  ["source_missing", "None of the paths exists."],
] as const) {
  test(`${code} from the agent says why and saves nothing`, async () => {
    host.onCommand("repo.test", () => refused(code, message));

    const answer = await server.call("POST", path, setUpBody());

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: "repository_test_failed",
      cause: code,
      message,
    });
    await nothingSaved();
  });
}

test("a host that is away is refused, known to be so or not", async () => {
  host.disconnect({ stillSeen: true });
  expect((await server.call("POST", path, setUpBody())).body.code).toBe(
    "host_offline",
  );
  host.disconnect();
  expect((await server.call("POST", path, setUpBody())).status).toBe(503);
  await nothingSaved();
});

test("an agent that never answers ends in agent_timeout after 90 s", async () => {
  host.onCommand("repo.test", () => "silent");
  const asked = server.call("POST", path, setUpBody());
  await settle();
  await server.clock.advance(90_000);

  expect((await asked).body.code).toBe("agent_timeout");
  await nothingSaved();
});

test("an unknown host is not found", async () => {
  const answer = await server.call(
    "POST",
    "/api/hosts/h000000000009/setup",
    setUpBody(),
  );
  expect([answer.status, answer.body.code]).toEqual([404, "host_not_found"]);
});

test("a host is set up once", async () => {
  await server.call("POST", path, setUpBody());
  const again = await server.call("POST", path, setUpBody());
  expect([again.status, again.body.code]).toEqual([409, "host_set_up"]);
});

test("of two people who finish the dialog at once one is told", async () => {
  const answers = await Promise.all([
    server.call("POST", path, setUpBody()),
    server.call("POST", path, setUpBody()),
  ]);
  expect(new Set(answers.map((answer) => answer.status))).toEqual(
    new Set([201, 409]),
  );
  const groups = await server.db
    .selectFrom("source_groups")
    .selectAll()
    .execute();
  expect(groups).toHaveLength(1);
});

test("a form with mistakes names each field", async () => {
  const body = setUpBody();
  body.repository.url = "rest:http://user:secret@nas:8000/backup";
  body.source.includes = ["etc"];
  body.repository.credential.password = "";
  const answer = await server.call("POST", path, body);

  expect(answer.status).toBe(400);
  expect(Object.keys(answer.body.fields).sort()).toEqual([
    "repository.credential.password",
    "repository.url",
    "source.includes.0",
  ]);
  expect(host.received).toEqual([]);
});

test("testing an existing repository saves nothing, and creates nothing", async () => {
  const test = `/api/hosts/${host.hostId}/repository-test`;
  host.onCommand("repo.test", () =>
    ok(found({ snapshot_count: 7, missing_includes: ["/nope"] })),
  );
  expect((await server.call("POST", test, setUpBody())).body).toEqual(
    found({ snapshot_count: 7, missing_includes: ["/nope"] }),
  );
  await nothingSaved();

  const body = setUpBody();
  body.repository.mode = "create";
  const refusal = await server.call("POST", test, body);
  expect(refusal.body.fields).toHaveProperty(["repository.mode"]);
  expect(host.received).toHaveLength(1);
});

test("a second host with the same repository shares it", async () => {
  const other = await server.addHost(2, "laptop");
  const first = await server.setUp(host);
  const second = await server.setUp(other, {
    repository: {
      ...setUpBody().repository,
      url: "rest:http://nas:8000/backup/",
    },
  });

  expect(second.repository.id).toBe(first.repository.id);
  const credentials = await server.db
    .selectFrom("repository_credentials")
    .select("host_id")
    .execute();
  expect(credentials).toEqual([{ host_id: null }]);
  expect(await server.actions()).toContain("repository.share");
});

test("a second host with another login keeps it to itself", async () => {
  const other = await server.addHost(2, "laptop");
  await server.setUp(host);
  const { repository } = setUpBody();
  const credential = { ...repository.credential, username: "laptop" };
  await server.setUp(other, { repository: { ...repository, credential } });

  const names = await Promise.all(
    [host, other].map(async (endpoint) => {
      const answer = (await endpoint.ask("cfg.get", { have: 0 })) as {
        rev: number;
        box: string;
      };
      return endpoint.open("config", answer.rev, answer.box).repositories[0]
        .credential.username;
    }),
  );
  expect(names).toEqual(["nas", "laptop"]);
});

test("the same path on two machines is two repositories", async () => {
  const other = await server.addHost(2, "laptop");
  const repository = { ...setUpBody().repository, url: "/srv/restic" };
  const first = await server.setUp(host, { repository });
  other.onCommand("repo.test", () =>
    ok(found({ repository_id: "b".repeat(64) })),
  );
  const second = await server.call("POST", `/api/hosts/${other.hostId}/setup`, {
    ...setUpBody(),
    repository,
  });

  expect(second.body.repository.id).not.toBe(first.repository.id);
  expect(second.body.repository.name).toBe("restic");
});

test("only those who may approve hosts may set them up", async () => {
  const operator = await server.api.as("operator");
  const answer = await server.api.send("POST", path, setUpBody(), operator);
  expect(answer.status).toBe(403);
  expect(host.received).toEqual([]);
});
