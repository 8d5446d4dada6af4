import { expect, test } from "bun:test";
import { createTestAgent, insertTestHost } from "../../testing/test-agent.ts";
import { createTestWorld } from "../../testing/test-api.ts";
import { until } from "../../adapters/bus-contract.ts";
import { createViolations } from "./violations.ts";

test("what a host tries is one audit row and one log line a minute, with a count and the first subjects [TRN-07]", async () => {
  const { clock, rows, refuse, hostId, logLines } = await setUp();
  for (let n = 0; n < 5_000; n++) refuse(`rm.v1.hother.evt.${n % 40}`);
  await clock.advance(1_000);
  await until(async () => (await rows()).length === 1);
  const [row] = await rows();
  expect(row).toMatchObject({
    actor_kind: "agent",
    actor_id: hostId,
    actor_name: "web-1",
    action: "host.violation",
    target_id: hostId,
  });
  const payload = JSON.parse(row?.payload ?? "") as {
    count: number;
    subjects: string[];
  };
  expect(payload.count).toBe(5_000);
  expect(payload.subjects).toHaveLength(10);
  expect(payload.subjects[0]).toBe("publish rm.v1.hother.evt.0");

  refuse("$SYS.>");
  await clock.advance(59_000);
  expect(await rows()).toHaveLength(1);
  await clock.advance(1_000);
  await until(async () => (await rows()).length === 2);
  expect((await rows()).map((r) => JSON.parse(r.payload) as unknown)).toEqual([
    payload,
    { count: 1, subjects: ["publish $SYS.>"] },
  ]);
  await clock.advance(3_600_000);
  expect(await rows()).toHaveLength(2);
  expect(
    logLines.filter((line) => line.includes("The broker refused")),
  ).toHaveLength(2);
});

test("a subject can neither grow a row nor break a log line, and a login of no host makes no row [TRN-07]", async () => {
  const { clock, rows, refuse, violations, logLines } = await setUp();
  refuse(`${"x".repeat(4_000)}\\n`);
  refuse('a"},{"action":"host.approve"');
  violations.refused({ connection: "1/9", act: "subscribe", subject: ">" });
  await clock.advance(1_000);
  const told = () =>
    logLines.filter((line) => line.includes("The broker refused"));
  await until(async () => told().length === 2 && (await rows()).length === 1);
  const all = await rows();
  expect(all[0]?.payload.length).toBeLessThan(400);
  for (const line of told()) expect(line.trimEnd().split("\n")).toHaveLength(1);
});

/** One host, and what is refused to it. */
async function setUp() {
  const world = createTestWorld();
  const { db, clock } = world;
  const agent = createTestAgent(clock, 1);
  await insertTestHost(db, agent, { name: "web-1" });
  const violations = createViolations({
    ...world,
    broker: {
      hostOf: (connection) => (connection === "1/5" ? agent.hostId : null),
    },
  });
  violations.start();
  return {
    ...world,
    violations,
    hostId: agent.hostId,
    refuse: (subject: string) =>
      violations.refused({ connection: "1/5", act: "publish", subject }),
    rows: () =>
      db
        .selectFrom("audit_log")
        .selectAll()
        .where("action", "=", "host.violation")
        .orderBy("id")
        .execute(),
  };
}
