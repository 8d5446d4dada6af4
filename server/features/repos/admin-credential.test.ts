import { beforeEach, expect, test } from "bun:test";
import { setUpBody } from "../../testing/test-backups.ts";
import {
  createTestUpkeep,
  secretOf,
  startsOf,
} from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
});

const own = setUpBody().repository;
const drop = () => server.call("DELETE", `${server.base}/admin-credential`);

/** What a runner gets to prune with. */
async function given() {
  server.nas.received.length = 0;
  const { body: job } = await server.post("prune");
  await server.report(server.nas, "job.done", job);
  const [start] = startsOf(server.nas);
  const { url, credential } = secretOf(server.nas, start?.command);
  return { url, ...credential };
}

const nothingSet = {
  set: false,
  url: null,
  password_set: false,
  username: null,
  user_password_set: false,
  env_names: [],
  ca_set: false,
  updated_at: null,
};

test("a repository has none until it is given one, and every answer hides it [CRD-04]", async () => {
  expect((await server.repository()).admin).toEqual(nothingSet);
  const answer = await server.setAdmin({
    url: "rest:http://nas:8001/backup",
    username: "admin",
    user_password: "may delete",
    env: { AWS_SECRET_ACCESS_KEY: "key of admin" },
  });
  expect(answer.body.admin).toEqual({
    ...nothingSet,
    set: true,
    url: "rest:http://nas:8001/backup",
    username: "admin",
    user_password_set: true,
    env_names: ["AWS_SECRET_ACCESS_KEY"],
    updated_at: "2026-01-01T00:00:00.000Z",
  });
  expect(answer.body.append_only).toBe("claimed");
  expect(answer.text).not.toContain("may delete");
  expect(answer.text).not.toContain("key of admin");
  expect(await given()).toEqual({
    ...own.credential,
    url: "rest:http://nas:8001/backup",
    username: "admin",
    user_password: "may delete",
    env: { AWS_SECRET_ACCESS_KEY: "key of admin" },
  });
});

test("an empty one says that the repository's own access may delete [MNT-03]", async () => {
  const { body } = await server.setAdmin({});
  expect(body.admin.set).toBe(true);
  expect(body.append_only).toBe("no");
  expect(await given()).toEqual({ url: own.url, ...own.credential });
});

test("a changed password of the repository reaches forget and prune too [CRD-03]", async () => {
  await server.setAdmin({ username: "admin" });
  await server.call("PATCH", server.base, { password: "new password" });
  expect(await given()).toMatchObject({
    password: "new password",
    username: "admin",
  });
});

test("blank keeps what is stored, null drops it [CRD-02]", async () => {
  await server.setAdmin({
    username: "admin",
    user_password: "may delete",
    password: "other",
  });
  await server.setAdmin({ username: "", user_password: "", password: null });
  expect(await given()).toMatchObject({
    password: own.credential.password,
    username: "admin",
    user_password: "may delete",
  });
  await server.setAdmin({ username: null, user_password: null });
  expect(await given()).toEqual({ url: own.url, ...own.credential });
});

test("taking it away stops forget and prune, and leaves the hosts alone [MNT-03]", async () => {
  const rev = async () =>
    (
      await server.db
        .selectFrom("hosts")
        .select("cfg_rev")
        .executeTakeFirstOrThrow()
    ).cfg_rev;
  const before = await rev();
  await server.setAdmin({ username: "admin" });
  expect((await drop()).body.admin).toEqual(nothingSet);
  expect((await server.post("prune")).body.code).toBe("admin_creds_required");
  expect(await rev()).toBe(before);
});

test("the audit names what changed and not its value [AUD-05]", async () => {
  await server.setAdmin({ username: "admin", user_password: "may delete" });
  await server.setAdmin({ user_password: "other" });
  await server.setAdmin({ user_password: "other" });
  await drop();
  const rows = await server.db
    .selectFrom("audit_log")
    .select(["action", "payload"])
    .where("action", "like", "repository.admin%")
    .orderBy("id")
    .execute();
  expect(rows).toEqual([
    {
      action: "repository.admin_credential",
      payload: '{"changed":["username","user_password"]}',
    },
    {
      action: "repository.admin_credential",
      payload: '{"changed":["user_password"]}',
    },
    { action: "repository.admin_credential_remove", payload: "{}" },
  ]);
});

test("an address with a password inside, and variables no back end reads, are refused at their fields", async () => {
  const answer = await server.setAdmin({
    url: "rest:http://admin:secret@nas:8001/",
    env: { LD_PRELOAD: "/tmp/x.so" },
  });
  expect(answer.status).toBe(400);
  expect(Object.keys(answer.body.fields)).toEqual(["url", "env.LD_PRELOAD"]);
});

test("the box of another kind, or of another repository, does not open [CRD-01]", async () => {
  await server.setAdmin({ username: "admin" });
  const { sealed } = await server.db
    .selectFrom("repository_credentials")
    .select("sealed")
    .where("kind", "=", "repo")
    .executeTakeFirstOrThrow();
  await server.db
    .updateTable("repository_credentials")
    .set({ sealed })
    .where("kind", "=", "admin")
    .execute();
  const { id } = (await server.post("prune")).body;
  expect(await server.job(id)).toMatchObject({
    state: "failed",
    error: { code: "internal" },
  });
  expect(server.nas.received).toEqual([]);
});

test("an operator may not set it", async () => {
  const operator = await server.api.as("operator");
  const path = `${server.base}/admin-credential`;
  expect((await server.api.send("PUT", path, {}, operator)).status).toBe(403);
});
