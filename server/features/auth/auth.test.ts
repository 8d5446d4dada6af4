import { expect, test } from "bun:test";
import { session } from "@restic-manager/shared/api/auth.ts";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { cidr } from "../../config-values.ts";
import { createTestApi, createTestWorld } from "../../testing/test-api.ts";
import type { TestApi, TestApiOptions } from "../../testing/test-api.ts";

const password = "correct horse battery";
const anotherPassword = async () => "another password";
const ada = { username: "ada", password };

async function start(options: TestApiOptions = {}) {
  const world = createTestWorld();
  await world.auth.createFirstAdmin("ada", password);
  return { ...createTestApi(world, options), world };
}

async function logIn({ send }: Pick<TestApi, "send">, body = ada) {
  const response = await send("POST", "/api/auth/login", body);
  const cookie = response.headers.get("Set-Cookie") ?? "";
  const { csrf_token } = session.parse(await response.json());
  return {
    cookie,
    headers: {
      Cookie: cookie.split(";")[0] ?? "",
      "X-CSRF-Token": csrf_token ?? "",
    },
  };
}

async function codeOf(response: Response | Promise<Response>) {
  return ((await (await response).json()) as ApiErrorBody).code;
}

async function audited(world: ReturnType<typeof createTestWorld>) {
  const rows = await world.db
    .selectFrom("audit_log")
    .selectAll()
    .orderBy("id")
    .execute();
  return rows.map(({ action, actor_kind, actor_name }) => ({
    action,
    actor_kind,
    actor_name,
  }));
}

test("without any user the bootstrap token makes the first administrator, once [AUT-04]", async () => {
  const world = createTestWorld();
  const api = createTestApi(world);
  const before = session.parse(
    await (await api.request("/api/auth/session")).json(),
  );
  expect(before).toMatchObject({ user: null, bootstrap_required: true });

  const token = world.auth.issueBootstrapToken();
  const body = { token, username: "Ada", password };
  const wrong = { ...body, token: "wrong" };
  expect(await codeOf(api.send("POST", "/api/auth/bootstrap", wrong))).toBe(
    "bootstrap_token_invalid",
  );
  const made = await api.send("POST", "/api/auth/bootstrap", body);
  expect(made.status).toBe(201);
  expect(session.parse(await made.json()).user).toMatchObject({
    username: "ada",
    role: "admin",
  });
  expect(await codeOf(api.send("POST", "/api/auth/bootstrap", body))).toBe(
    "bootstrap_closed",
  );
});

test("a token that was replaced no longer works, and without one nothing does [AUT-04]", async () => {
  const world = createTestWorld();
  const api = createTestApi(world);
  const body = { username: "ada", password, token: "" };
  const none = { ...body, token: "undefined" };
  expect(await codeOf(api.send("POST", "/api/auth/bootstrap", none))).toBe(
    "bootstrap_token_invalid",
  );
  const old = world.auth.issueBootstrapToken();
  world.auth.issueBootstrapToken();
  expect(
    await codeOf(
      api.send("POST", "/api/auth/bootstrap", { ...body, token: old }),
    ),
  ).toBe("bootstrap_token_invalid");
});

test("two people with the same bootstrap link make one administrator [AUT-04]", async () => {
  const world = createTestWorld();
  const api = createTestApi(world);
  const token = world.auth.issueBootstrapToken();
  const answers = await Promise.all(
    ["ada", "eve"].map((username) =>
      api.send("POST", "/api/auth/bootstrap", { token, username, password }),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(
    new Set([201, 409]),
  );
});

test("a short password is refused by the field that holds it [AUT-04]", async () => {
  const world = createTestWorld();
  const api = createTestApi(world);
  const token = world.auth.issueBootstrapToken();
  const body = { token, username: "ada", password: "eleven-char" };
  const response = await api.send("POST", "/api/auth/bootstrap", body);
  expect(((await response.json()) as ApiErrorBody).fields).toMatchObject({
    password: { code: "too_short" },
  });
});

test("the configured password makes the first administrator and is ignored ever after [AUT-04]", async () => {
  const { world, send } = await start();
  expect(await world.auth.createFirstAdmin("ada", "another password")).toBe(
    false,
  );
  expect((await send("POST", "/api/auth/login", ada)).status).toBe(200);
});

test("the stored hash is argon2id with its parameters [AUT-01]", async () => {
  const { world } = await start();
  const row = await world.db
    .selectFrom("users")
    .select("password_hash")
    .executeTakeFirstOrThrow();
  expect(row.password_hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
});

test("an unknown user and a wrong password get the same answer, after the same work [AUT-01]", async () => {
  const { send } = await start();
  const time = async (body: typeof ada) => {
    const start = performance.now();
    expect(await codeOf(send("POST", "/api/auth/login", body))).toBe(
      "login_failed",
    );
    return performance.now() - start;
  };
  const wrong = { ...ada, password: "not the password" };
  const unknown = { ...wrong, username: "nobody" };
  const [a, b] = [await time(wrong), await time(unknown)];
  // Hashing takes tens of milliseconds, everything else well under one tenth of that.
  expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(5);
});

test("the cookie is HttpOnly and SameSite=Lax, and Secure when the browser came by HTTPS [AUT-02]", async () => {
  const plain = await logIn(await start());
  expect(plain.cookie).toMatch(
    /^rm_session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const config = { trustedProxy: [cidr.parse("203.0.113.5")] };
  const { send } = await start({ config });
  const https = await send("POST", "/api/auth/login", ada, {
    "X-Forwarded-Proto": "https",
  });
  expect(https.headers.get("Set-Cookie")).toContain("; Secure");

  const forced = await logIn(await start({ config: { cookieSecure: "true" } }));
  expect(forced.cookie).toContain("; Secure");
});

test("the address in session and audit is the peer's, or what a trusted proxy says [CFG-03]", async () => {
  const forwarded = { "X-Forwarded-For": "198.51.100.7" };
  const addresses = async (options: TestApiOptions) => {
    const { send, world } = await start(options);
    await send("POST", "/api/auth/login", ada, forwarded);
    const audit = world.db.selectFrom("audit_log").select("ip");
    const login = audit.where("action", "=", "auth.login");
    const session = world.db.selectFrom("sessions").select("ip");
    return [
      (await login.executeTakeFirstOrThrow()).ip,
      (await session.executeTakeFirstOrThrow()).ip,
    ];
  };
  expect(await addresses({})).toEqual(["203.0.113.5", "203.0.113.5"]);
  const config = { trustedProxy: [cidr.parse("203.0.113.0/24")] };
  expect(await addresses({ config })).toEqual(["198.51.100.7", "198.51.100.7"]);
});

test("a session is the user until logout, and the cookie is cleared [AUT-02]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  const who = await api.request("/api/auth/session", { headers });
  expect(session.parse(await who.json()).user?.username).toBe("ada");

  const ended: string[] = [];
  api.world.events.on((event) => {
    if (event.type === "session.ended") ended.push(event.sessionId);
  });
  const out = await api.send("POST", "/api/auth/logout", {}, headers);
  expect(out.status).toBe(204);
  expect(out.headers.get("Set-Cookie")).toContain("Max-Age=0");
  expect(ended).toHaveLength(1);
  const after = await api.request("/api/auth/session", { headers });
  expect(session.parse(await after.json()).user).toBeNull();
});

test("the database holds no token that a browser could use [AUT-03]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  const token = headers.Cookie.split("=")[1] ?? "";
  const rows = await api.world.db.selectFrom("sessions").selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(token);
  for (const row of rows) {
    const stolen = { Cookie: `rm_session=${row.token_sha256}` };
    const who = await api.request("/api/auth/session", { headers: stolen });
    expect(session.parse(await who.json()).user).toBeNull();
  }
});

test("a session ends after 24 hours [AUT-03]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  const user = async () => {
    const who = await api.request("/api/auth/session", { headers });
    return session.parse(await who.json()).user;
  };
  await api.world.clock.advance(86_400_000 - 1);
  expect(await user()).not.toBeNull();
  await api.world.clock.advance(1);
  expect(await user()).toBeNull();
});

test("a demoted user has the new role and a disabled one nothing at the next request [RBC-06]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  const user = async () => {
    const who = await api.request("/api/auth/session", { headers });
    return session.parse(await who.json()).user;
  };
  const update = api.world.db.updateTable("users");
  await update.set({ role: "viewer" }).execute();
  expect((await user())?.permissions).toEqual(["view"]);
  await update.set({ disabled_at: "2026-01-01T00:00:00.000Z" }).execute();
  expect(await user()).toBeNull();
  expect(await codeOf(api.send("POST", "/api/auth/login", ada))).toBe(
    "login_failed",
  );
});

test("resetting a password ends the sessions, and only the new one works", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  await api.world.auth.resetPassword("ada", anotherPassword);
  const who = await api.request("/api/auth/session", { headers });
  expect(session.parse(await who.json()).user).toBeNull();
  expect((await api.send("POST", "/api/auth/login", ada)).status).toBe(401);
  const fresh = { ...ada, password: "another password" };
  expect((await api.send("POST", "/api/auth/login", fresh)).status).toBe(200);
  await expect(
    api.world.auth.resetPassword("nobody", anotherPassword),
  ).rejects.toThrow("There is no user nobody.");
});

test("everything that changes who may log in is audited with its cause [AUD-01]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  await api.send("POST", "/api/auth/logout", {}, headers);
  await api.world.auth.resetPassword("ada", anotherPassword);
  expect(await audited(api.world)).toEqual([
    {
      action: "auth.bootstrap",
      actor_kind: "system",
      actor_name: "configuration",
    },
    { action: "auth.login", actor_kind: "user", actor_name: "ada" },
    { action: "auth.logout", actor_kind: "user", actor_name: "ada" },
    {
      action: "user.reset_password",
      actor_kind: "system",
      actor_name: "command line",
    },
  ]);
});

test("passwords and tokens appear neither in the log nor in the audit rows [AUD-05]", async () => {
  const api = await start();
  const { headers } = await logIn(api);
  await api.send("POST", "/api/auth/login", {
    ...ada,
    password: "wr0ng-canary",
  });
  await api.send("POST", "/api/auth/logout", {}, headers);
  const rows = await api.world.db.selectFrom("audit_log").selectAll().execute();
  const written = api.world.logLines.join("") + JSON.stringify(rows);
  const token = headers.Cookie.split("=")[1] ?? "";
  for (const secret of [
    password,
    "wr0ng-canary",
    token,
    headers["X-CSRF-Token"],
  ]) {
    expect(written).not.toContain(secret);
  }
});

test("nobody can register [AUT-09]", async () => {
  const { send, as } = await start();
  const admin = await as("admin");
  for (const path of ["/api/auth/register", "/api/auth/signup", "/api/users"]) {
    expect((await send("POST", path, ada)).status).toBe(401);
    expect((await send("POST", path, ada, admin)).status).toBe(404);
  }
});
