import { expect, test } from "bun:test";
import type { ApiErrorBody } from "@restic-manager/shared/api/errors.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { AppError } from "../../app-error.ts";
import { cidr } from "../../config-values.ts";
import {
  createTestApi,
  createTestWorld,
  plainPasswords,
} from "../../testing/test-api.ts";
import { createLoginThrottle } from "./login-throttle.ts";

const password = "correct horse battery";
const home = "198.51.100.1";

/** A throttle over a manual clock, and a try that tells what came of it: null, or the seconds to wait. */
function start(maxEntries?: number) {
  const clock = createManualClock();
  const throttle = createLoginThrottle(clock, maxEntries);
  const attempt = (username: string, address: string, isRight = false) => {
    try {
      const made = throttle.attempt(username, address);
      if (isRight) made.succeeded();
      return null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error.retryAfterS;
    }
  };
  const fail = (times: number, username: string, address: string) => {
    for (let i = 0; i < times; i++) attempt(username, address);
  };
  return { clock, attempt, fail };
}

test("after 20 bad log-ins the door answers 429 with the seconds to wait, also to the right password, and others go on [AUT-06]", async () => {
  const world = createTestWorld(plainPasswords);
  await world.auth.createFirstAdmin("ada", password);
  const hash = { password_hash: (await onlyUser(world)).password_hash };
  const config = { trustedProxy: [cidr.parse("203.0.113.5")] };
  const api = createTestApi(world, { config });
  await api.as("viewer");
  await world.db
    .updateTable("users")
    .set({ ...hash, username: "bob" })
    .where("username", "!=", "ada")
    .execute();
  const logIn = (username: string, word: string, ip = home) =>
    api.send(
      "POST",
      "/api/auth/login",
      { username, password: word },
      { "X-Forwarded-For": ip },
    );

  const tries = Array.from({ length: 20 }, () => logIn("ada", "wrong"));
  for (const answer of await Promise.all(tries))
    expect(answer.status).toBe(401);
  const refused = await logIn("Ada", password);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("Retry-After")).toBe("5");
  expect((await refused.json()) as ApiErrorBody).toMatchObject({
    code: "login_throttled",
    message: "Too many failed log-ins. Try again in 5 seconds.",
  });
  expect((await logIn("bob", password)).status).toBe(200);
  expect((await logIn("ada", password, "198.51.100.2")).status).toBe(200);
  await world.clock.advance(5_000);
  expect((await logIn("ada", password)).status).toBe(200);
});

test("the beginning of a block is audited once, with the user and without what was typed [AUT-06] [AUD-01]", async () => {
  const world = createTestWorld(plainPasswords);
  await world.auth.createFirstAdmin("ada", password);
  const api = createTestApi(world);
  for (const username of ["ada", "a-password-in-the-wrong-field"]) {
    const body = { username, password: "wrong" };
    for (let i = 0; i < 22; i++)
      await api.send("POST", "/api/auth/login", body);
  }
  const rows = await world.db
    .selectFrom("audit_log")
    .select(["actor_kind", "actor_name", "ip", "target_id", "payload"])
    .where("action", "=", "auth.login_throttled")
    .orderBy("id")
    .execute();
  const row = {
    actor_kind: "user",
    actor_name: null,
    ip: "203.0.113.5",
    payload: "{}",
  } as const;
  expect(rows).toEqual([
    { ...row, target_id: (await onlyUser(world)).id },
    { ...row, target_id: null },
  ]);
});

test("each further bad try doubles the wait, up to 15 minutes, and waiting costs nothing [AUT-06]", async () => {
  const { clock, attempt, fail } = start();
  fail(20, "ada", home);
  const waits: (number | null | undefined)[] = [];
  for (let i = 0; i < 10; i++) {
    const wait = attempt("ada", home);
    waits.push(wait);
    expect(attempt("ada", home)).toBe(wait ?? 0);
    await clock.advance((wait ?? 0) * 1000);
    expect(attempt("ada", home)).toBeNull();
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
});

test("a right password begins anew, and so does an hour of quiet [AUT-06]", async () => {
  const { clock, attempt, fail } = start();
  fail(19, "ada", home);
  expect(attempt("ada", home, true)).toBeNull();
  fail(19, "ada", home);
  expect(attempt("ada", home)).toBeNull();
  expect(attempt("ada", home)).toBe(5);
  await clock.advance(3_600_000);
  fail(20, "ada", home);
  expect(attempt("ada", home)).toBe(5);
});

test("one address guessing at many users is slowed down, and cannot buy tries with an account of its own [AUT-06]", () => {
  const { attempt, fail } = start();
  for (let i = 0; i < 100; i++) {
    fail(1, `user-${i}`, home);
    if (i < 50) attempt("eve", home, true);
  }
  expect(attempt("somebody", home)).toBe(5);
  expect(attempt("somebody", "198.51.100.2")).toBeNull();
});

test("one user guessed at from many addresses is slowed down, except where they logged in before [AUT-06]", () => {
  const { attempt, fail } = start();
  attempt("ada", home, true);
  for (let i = 0; i < 100; i++) fail(1, "ada", `203.0.113.${i}`);
  expect(attempt("ada", "192.0.2.1")).toBe(5);
  expect(attempt("bob", "192.0.2.1")).toBeNull();
  expect(attempt("ada", home, true)).toBeNull();
});

test("the addresses of one IPv6 network count as one [AUT-06]", () => {
  const { attempt } = start();
  for (let i = 0; i < 20; i++) attempt("ada", `2001:db8:1:2::${i}`);
  expect(attempt("ada", "2001:db8:1:2:ffff::1")).toBe(5);
  expect(attempt("ada", "2001:db8:1:3::1")).toBeNull();
});

test("memory is bounded: what was unused for longest is forgotten first [AUT-06]", () => {
  const { attempt, fail } = start(10);
  fail(20, "ada", home);
  expect(attempt("ada", home)).toBe(5);
  for (let i = 0; i < 10; i++) fail(1, `user-${i}`, `203.0.113.${i}`);
  expect(attempt("ada", home)).toBeNull();
});

function onlyUser({ db }: ReturnType<typeof createTestWorld>) {
  return db
    .selectFrom("users")
    .select(["id", "password_hash"])
    .where("username", "=", "ada")
    .executeTakeFirstOrThrow();
}
