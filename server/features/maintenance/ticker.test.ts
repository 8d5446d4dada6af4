import { beforeEach, describe, expect, test } from "bun:test";
import type { UpkeepKind } from "@restic-manager/shared/domain/maintenance.ts";
import { createTestUpkeep, startsOf } from "../../testing/test-upkeep.ts";
import type { TestUpkeep } from "../../testing/test-upkeep.ts";

/** The store of every test is made at midnight of Thursday, 1 January 2026, UTC. */
let server: TestUpkeep;

beforeEach(async () => {
  server = await createTestUpkeep();
  await server.keep({ daily: 7 });
  await server.setAdmin();
  server.startUpkeep();
  await server.passTo("2026-01-01T00:01:00Z");
});

const given = () => startsOf(server.nas).map(({ kind }) => kind);

/** Ends what runs, so that the next may. */
async function endAll(): Promise<void> {
  for (let open = true; open;) {
    const jobs = await server.db
      .selectFrom("jobs")
      .select(["id", "kind"])
      .where("finished_at", "is", null)
      .where("status", "=", "sent")
      .execute();
    for (const job of jobs) await server.report(server.nas, "job.done", job);
    open = jobs.length > 0;
  }
}

const upkeepOf = async (kind: string) =>
  (await server.maintenance()).upkeep.find(
    (row: { kind: string }) => row.kind === kind,
  );

test("forget, prune and check run by themselves at their times [MNT-01]", async () => {
  const ran: { [K in UpkeepKind]: string[] } = {
    forget: [],
    prune: [],
    check: [],
  };
  for (let day = 1; day <= 32; day++) {
    for (const hour of [3, 4, 5]) {
      server.nas.received.length = 0;
      const at = new Date(Date.UTC(2026, 0, day, hour)).toISOString();
      await server.passTo(at);
      for (const kind of given()) ran[kind as UpkeepKind].push(at.slice(0, 16));
      await endAll();
    }
  }
  expect(ran.forget).toHaveLength(32);
  expect(ran.forget[0]).toBe("2026-01-01T03:00");
  expect(ran.prune).toEqual([
    "2026-01-04T04:00",
    "2026-01-11T04:00",
    "2026-01-18T04:00",
    "2026-01-25T04:00",
    "2026-02-01T04:00",
  ]);
  expect(ran.check).toEqual(["2026-01-01T05:00", "2026-02-01T05:00"]);
  expect((await server.repository()).retention.state).toBe("on");
}, 30_000);

test("it is the server that did it, and the audit says so [MNT-01]", async () => {
  await server.passTo("2026-01-01T03:00:00Z");
  const row = await server.db
    .selectFrom("audit_log")
    .select(["actor_kind", "actor_id", "target_id"])
    .where("action", "=", "repository.forget")
    .executeTakeFirstOrThrow();
  expect(row).toEqual({
    actor_kind: "system",
    actor_id: null,
    target_id: server.repositoryId,
  });
  const job = await server.db
    .selectFrom("jobs")
    .select("actor_kind")
    .executeTakeFirstOrThrow();
  expect(job.actor_kind).toBe("system");
});

describe("times", () => {
  test("are those of the host that does it [MNT-01]", async () => {
    await server.db
      .updateTable("hosts")
      .set({ tz: "America/New_York" })
      .execute();
    expect(await server.maintenance()).toMatchObject({
      tz: "America/New_York",
      upkeep: [
        { kind: "forget", next_at: "2026-01-01T08:00:00.000Z" },
        { kind: "prune", next_at: "2026-01-04T09:00:00.000Z" },
        { kind: "check", next_at: "2026-01-01T10:00:00.000Z" },
      ],
    });
    await server.passTo("2026-01-01T03:00:00Z");
    expect(given()).toEqual([]);
    await server.passTo("2026-01-01T08:00:00Z");
    expect(given()).toEqual(["forget"]);
  });

  test("can be changed and turned off, and what lies before the change is not made up for [MNT-01]", async () => {
    await server.passTo("2026-01-01T02:00:00Z");
    await server.settings({
      forget: { cron: "30 1 * * *", enabled: true },
      check: { cron: "0 5 1 * *", enabled: false },
    });
    await server.passTo("2026-01-01T06:00:00Z");
    expect(given()).toEqual([]);
    expect((await upkeepOf("check")).next_at).toBeNull();
    await server.passTo("2026-01-02T01:30:00Z");
    expect(given()).toEqual(["forget"]);
  });

  test("that do not exist are refused at their field [MNT-01]", async () => {
    for (const cron of ["0 0 31 2 *", "0 0 0 3 * *", "soon"]) {
      const answer = await server.settings({ prune: { cron, enabled: true } });
      expect([answer.status, Object.keys(answer.body.fields)]).toEqual([
        400,
        ["prune.cron"],
      ]);
    }
  });

  test("of a zone that this machine does not know are taken as UTC", async () => {
    await server.db.updateTable("hosts").set({ tz: "Mars/Olympus" }).execute();
    await server.passTo("2026-01-01T03:00:00Z");
    expect(given()).toEqual(["forget"]);
  });

  test("come once on the days when the clocks of their zone change [MNT-01] [SCH-03]", async () => {
    await server.db.updateTable("hosts").set({ tz: "Europe/Berlin" }).execute();
    const off = (cron: string) => ({ cron, enabled: false });
    await server.passTo("2027-03-27T12:00:00Z");
    await server.settings({
      forget: { cron: "30 2 * * *", enabled: true },
      prune: off("0 4 * * 0"),
      check: off("0 5 1 * *"),
    });
    await endAll();
    const ran: string[] = [];
    for (const day of ["2027-03-28", "2027-10-31"]) {
      for (const time of ["00:00", "00:30", "01:00", "01:30", "02:00"]) {
        server.nas.received.length = 0;
        await server.passTo(`${day}T${time}:00Z`);
        await endAll();
        if (given().length > 0) ran.push(`${day} ${time}`);
      }
    }
    // Late since summer; then 02:30 of summer time alone, which comes twice.
    expect(ran).toEqual([
      "2027-03-28 01:30",
      "2027-10-31 00:00",
      "2027-10-31 00:30",
    ]);
  });

  test("come once though the clock is set back an hour", async () => {
    await server.passTo("2026-01-01T03:00:00Z");
    await endAll();
    server.clock.set(Date.parse("2026-01-01T02:00:00Z"));
    await server.passTo("2026-01-01T03:30:00Z");
    expect(given()).toEqual(["forget"]);
  });

  test("come again after a clock that was a year ahead is put right", async () => {
    await server.passTo("2027-01-01T03:00:00Z");
    await endAll();
    server.nas.received.length = 0;
    server.clock.set(Date.parse("2026-01-02T02:00:00Z"));
    server.startUpkeep();
    await server.passTo("2026-01-02T02:10:00Z");
    await server.passTo("2026-01-02T03:00:00Z");
    expect(given()).toEqual(["forget"]);
  });
});

describe("what cannot be done", () => {
  test("while the host is away is skipped and says so; it is not made up for when it is back [MNT-01]", async () => {
    await server.leave(server.nas);
    await server.passTo("2026-01-01T03:00:00Z");
    expect(await server.jobs()).toEqual([]);
    expect(await upkeepOf("forget")).toMatchObject({
      last: null,
      skipped: { at: "2026-01-01T03:00:00.000Z", reason: "host_offline" },
      next_at: "2026-01-02T03:00:00.000Z",
    });

    await server.comeBack(server.nas);
    await server.passTo("2026-01-01T03:10:00Z");
    expect(given()).toEqual([]);
    await server.passTo("2026-01-01T05:00:00Z");
    await endAll();
    await server.passTo("2026-01-02T03:00:00Z");
    expect(given()).toEqual(["check", "forget"]);
    expect((await upkeepOf("forget")).skipped).toBeNull();
  });

  test("without an admin credential is skipped and says so [MNT-03]", async () => {
    await server.call("DELETE", `${server.base}/admin-credential`);
    await server.passTo("2026-01-04T04:00:00Z");
    for (const kind of ["forget", "prune"]) {
      expect((await upkeepOf(kind)).skipped.reason).toBe(
        "admin_credential_missing",
      );
    }
    expect(given()).toEqual(["check"]);
  });

  test("because nothing is to be removed is skipped and says so [MNT-02]", async () => {
    await server.keep({});
    await server.passTo("2026-01-01T03:00:00Z");
    expect((await upkeepOf("forget")).skipped.reason).toBe("retention_empty");
    expect(given()).toEqual([]);
  });

  test("because no host is there at all is skipped and says so", async () => {
    await server.db.deleteFrom("host_repositories").execute();
    await server.passTo("2026-01-01T05:00:00Z");
    expect((await upkeepOf("check")).skipped.reason).toBe("no_host");
  });
});

test("on hosts that are seldom there, what was missed is done once when one is back [MNT-01]", async () => {
  await server.db.updateTable("hosts").set({ always_on: 0 }).execute();
  await server.leave(server.nas);
  await server.passTo("2026-01-01T03:00:00Z");
  await server.passTo("2026-01-03T03:00:00Z");
  expect((await upkeepOf("forget")).skipped.reason).toBe("host_offline");

  await server.comeBack(server.nas);
  await server.passTo("2026-01-03T09:00:00Z");
  expect(given().filter((kind) => kind === "forget")).toHaveLength(1);
  await endAll();
  await server.passTo("2026-01-03T10:00:00Z");
  expect(given().filter((kind) => kind === "forget")).toHaveLength(1);
});

test("a host that has not come back yet after a start of the server is waited for, not skipped [MNT-01]", async () => {
  server.nas.disconnect();
  await server.passTo("2026-01-01T03:00:00Z");
  expect((await upkeepOf("forget")).skipped).toBeNull();
  await server.comeBack(server.nas);
  await server.passTo("2026-01-01T03:01:00Z");
  expect(given()).toEqual(["forget"]);
});

test("fires that passed while the server was down count as one [MNT-01]", async () => {
  await server.passTo("2026-01-04T12:00:00Z");
  await endAll();
  expect(given().toSorted()).toEqual(["check", "forget", "prune"]);
  await server.passTo("2026-01-04T13:00:00Z");
  expect(given()).toHaveLength(3);
});

test("the next fire does nothing while the one before still waits or runs [MNT-01]", async () => {
  await server.passTo("2026-01-01T03:00:00Z");
  await server.passTo("2026-01-02T03:00:00Z");
  expect(given()).toEqual(["forget"]);
});

describe("settings", () => {
  test("begin with what is offered, and name who could do it [MNT-01]", async () => {
    await server.addHost(2, "attic");
    expect(await server.maintenance()).toMatchObject({
      settings: {
        forget: { cron: "0 3 * * *", enabled: true },
        prune: { cron: "0 4 * * 0", enabled: true },
        check: { cron: "0 5 1 * *", enabled: true },
        check_subset_pct: 5,
        runner_host_id: null,
      },
      runners: [
        { name: "nas", online: true, uses_repository: true },
        { name: "attic", online: true, uses_repository: false },
      ],
    });
  });

  test("need a runner that exists", async () => {
    const answer = await server.settings({ runner_host_id: "h000000000009" });
    expect(Object.keys(answer.body.fields)).toEqual(["runner_host_id"]);
  });

  test("are for those who may edit them, and leave an audit row", async () => {
    const operator = await server.api.as("operator");
    const { settings } = await server.maintenance();
    const path = `${server.base}/maintenance`;
    const answer = await server.api.send("PUT", path, settings, operator);
    expect(answer.status).toBe(403);
    await server.settings({ check_subset_pct: 100 });
    expect(await server.actions()).toContain("maintenance.update");
  });
});
