import { beforeEach, describe, expect, test } from "bun:test";
import { createTestUpkeep, failed } from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
});

const retention = async () => (await server.repository()).retention;
const broken = (reason: string) => ({ state: "not_enforced", reason });

async function forget(over: object = {}): Promise<void> {
  const { body: job } = await server.post("forget");
  await server.report(server.nas, "job.done", job, over);
}

async function ready(): Promise<void> {
  await server.keep({ daily: 7 });
  await server.setAdmin();
}

test("a repository that keeps everything has nothing to enforce", async () => {
  expect(await retention()).toEqual({ state: "off", reason: null });
});

describe("a policy that nothing applies is said loudly [MNT-03]", () => {
  test("without an admin credential", async () => {
    await server.keep({ daily: 7 });
    expect(await retention()).toEqual(broken("admin_credential_missing"));
  });

  test("with forget turned off", async () => {
    await ready();
    expect((await retention()).state).toBe("on");
    await server.settings({ forget: { cron: "0 3 * * *", enabled: false } });
    expect(await retention()).toEqual(broken("forget_off"));
  });

  test("with a forget that failed, until one works again", async () => {
    await ready();
    await forget(failed("repository_denied"));
    expect(await retention()).toEqual(broken("forget_failing"));
    await forget();
    expect((await retention()).state).toBe("on");
  });

  test("with a forget that has not run for longer than it should", async () => {
    await ready();
    await forget();
    server.clock.set(Date.parse("2026-01-02T02:00:00Z"));
    expect((await retention()).state).toBe("on");
    server.clock.set(Date.parse("2026-01-03T03:00:00Z"));
    expect(await retention()).toEqual(broken("forget_overdue"));
  });

  test("but not at once, when it was set a moment ago on an old repository", async () => {
    server.clock.set(Date.parse("2026-06-01T00:00:00Z"));
    await ready();
    expect((await retention()).state).toBe("on");
  });

  test("and a host that is seldom there has a week", async () => {
    await ready();
    await forget();
    await server.db.updateTable("hosts").set({ always_on: 0 }).execute();
    server.clock.set(Date.parse("2026-01-06T00:00:00Z"));
    expect((await retention()).state).toBe("on");
    server.clock.set(Date.parse("2026-01-09T00:00:00Z"));
    expect(await retention()).toEqual(broken("forget_overdue"));
  });
});

test("a forget that a person cancelled says nothing", async () => {
  await ready();
  await forget();
  const { body: job } = await server.post("forget");
  await server.report(server.nas, "job.done", job, {
    outcome: "cancelled",
    error: { code: "cancelled", message: "Cancelled by a person." },
  });
  expect((await retention()).state).toBe("on");
});
