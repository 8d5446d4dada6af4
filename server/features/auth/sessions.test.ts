import { expect, test } from "bun:test";
import { sql } from "kysely";
import { ownSessionList } from "@restic-manager/shared/api/auth.ts";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import {
  createTestApi,
  createTestWorld,
  plainPasswords,
} from "../../testing/test-api.ts";

const password = "correct horse battery";
const ada = { username: "ada", password };

async function start() {
  const world = createTestWorld(plainPasswords);
  await world.auth.createFirstAdmin("ada", password);
  const api = createTestApi(world);
  return {
    ...world,
    ...api,
    async logIn(agent: string) {
      const response = await api.send("POST", "/api/auth/login", ada, {
        "User-Agent": agent,
      });
      const cookie = response.headers.get("Set-Cookie") ?? "";
      const { csrf_token } = (await response.json()) as { csrf_token: string };
      return {
        Cookie: cookie.split(";")[0] ?? "",
        "X-CSRF-Token": csrf_token,
      };
    },
    async list(headers: Record<string, string>, query = "") {
      const path = `/api/auth/sessions${query}`;
      const response = await api.request(path, { headers });
      return ownSessionList.parse(await response.json());
    },
    revoke: (headers: Record<string, string>, id: string) =>
      api.request(`/api/auth/sessions/${id}`, { method: "DELETE", headers }),
  };
}

async function codeOf(response: Response) {
  const { code } = (await response.json()) as ApiErrorBody;
  return `${response.status} ${code}`;
}

test("a user sees where they are logged in, and nothing of anybody else [AUT-08]", async () => {
  const { logIn, list, as, clock } = await start();
  await logIn("Firefox on the desk");
  await clock.advance(120_000);
  const phone = await logIn("Safari on the phone");
  await as("admin");
  const { sessions } = await list(phone);
  expect(sessions).toEqual([
    {
      id: expect.any(String),
      created_at: "2026-01-01T00:02:00.000Z",
      last_seen_at: "2026-01-01T00:02:00.000Z",
      expires_at: "2026-01-02T00:02:00.000Z",
      ip: "203.0.113.5",
      user_agent: "Safari on the phone",
      current: true,
    },
    {
      id: expect.any(String),
      created_at: "2026-01-01T00:00:00.000Z",
      last_seen_at: "2026-01-01T00:00:00.000Z",
      expires_at: "2026-01-02T00:00:00.000Z",
      ip: "203.0.113.5",
      user_agent: "Firefox on the desk",
      current: false,
    },
  ]);
});

test("many sessions are paged, newest first [AUT-08] [API-04]", async () => {
  const { logIn, list } = await start();
  for (let i = 0; i < 4; i++) await logIn(`browser ${i}`);
  const headers = await logIn("browser 4");
  const first = await list(headers, "?limit=3");
  const second = await list(headers, `?limit=3&cursor=${first.next_cursor}`);
  expect(
    [...first.sessions, ...second.sessions].map((row) => row.user_agent),
  ).toEqual([4, 3, 2, 1, 0].map((i) => `browser ${i}`));
  expect(second.next_cursor).toBeNull();
});

test("a session that is revoked is over at once, and what it holds open is told [AUT-08]", async () => {
  const { logIn, list, revoke, events } = await start();
  const lost = await logIn("lost phone");
  const here = await logIn("desk");
  const target = (await list(here)).sessions.find((row) => !row.current);
  const ended: string[] = [];
  events.on((event) => {
    if (event.type === "session.ended") ended.push(event.sessionId);
  });
  expect((await revoke(here, target?.id ?? "")).status).toBe(204);
  expect(ended).toEqual([target?.id ?? ""]);
  expect(await codeOf(await revoke(lost, "x"))).toBe("401 unauthenticated");
  expect((await list(here)).sessions).toHaveLength(1);
});

test("a session that is unknown, over or somebody else's cannot be revoked [AUT-08]", async () => {
  const { logIn, list, revoke, as } = await start();
  const headers = await logIn("desk");
  const other = (await list(await as("admin"))).sessions[0]?.id ?? "";
  for (const id of [other, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]) {
    expect(await codeOf(await revoke(headers, id))).toBe(
      "404 session_not_found",
    );
  }
});

test("when the store fails, revoking says so and the session stays [AUT-08]", async () => {
  const { logIn, list, revoke, db } = await start();
  await logIn("lost phone");
  const headers = await logIn("desk");
  const { id } = (await list(headers)).sessions[1] ?? { id: "" };
  await sql`CREATE TRIGGER broken BEFORE DELETE ON sessions
    BEGIN SELECT RAISE(ABORT, 'disk on fire'); END`.execute(db);
  expect(await codeOf(await revoke(headers, id))).toBe("500 internal");
  expect((await list(headers)).sessions).toHaveLength(2);
});

test("expired sessions are deleted at the start and every 15 minutes, running ones stay [AUT-07]", async () => {
  const { logIn, sessions, clock, db, tx } = await start();
  /** A transaction comes after those that were begun. */
  const settled = () => tx.run(async () => {});
  const stored = async () =>
    (await db.selectFrom("sessions").select("user_agent").execute()).map(
      (row) => row.user_agent,
    );
  await logIn("before the restart");
  await clock.advance(86_400_000);
  await logIn("old");
  const stop = sessions.start();
  await settled();
  expect(await stored()).toEqual(["old"]);

  await clock.advance(86_400_000 - 60_000);
  await logIn("new");
  await clock.advance(60_000);
  await settled();
  expect(await stored()).toEqual(["new"]);
  stop();
  expect(clock.pending()).toBe(0);
});
