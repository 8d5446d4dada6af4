import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KyselyPlugin } from "kysely";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openSqlite } from "../../adapters/sqlite-db.ts";
import { createEvents } from "../../events.ts";
import { createTestAgent, insertTestHost } from "../../testing/test-agent.ts";
import { createTestLog } from "../../testing/test-log.ts";
import { createProgressBoard } from "./progress.ts";
import { insertJob, updateJob } from "./store.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-progress-"));
afterAll(() => rmSync(dir, { recursive: true }));

const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const at = "2026-01-01T00:00:00.000Z";
const progress = {
  phase: "backup" as const,
  percent: 50,
  bytes_done: 1,
  bytes_total: 2,
  files_done: 1,
  files_total: 2,
  current_files: [],
  errors: 0,
  seconds_elapsed: 1,
  seconds_remaining: null,
  rate: null,
};

test("progress that is looked at while its job ends is not kept for ever [RES-07]", async () => {
  const file = join(dir, "rm.db");
  const [reader, writer] = [openSqlite(file), openSqlite(file)];
  const { hostId } = await prepare(writer);
  const read = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const slow: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      read.resolve();
      await held.promise;
      return result;
    },
  };
  const events = createEvents(createTestLog());
  const board = createProgressBoard({
    db: reader.db.withPlugin(slow),
    events,
  });
  let told = 0;
  events.on(() => (told += 1));

  const taking = board.take(hostId, id, progress);
  await read.promise;
  await writer.tx.run((trx) =>
    updateJob(trx, id, { status: "succeeded", finished_at: at }),
  );
  board.forget(id);
  held.resolve();
  await taking;

  expect(board.get(id)).toBeNull();
  expect(told).toBe(0);
  await Promise.all([reader.close(), writer.close()]);
});

async function prepare({ db, tx }: ReturnType<typeof openSqlite>) {
  const agent = createTestAgent(createManualClock(), 1);
  await insertTestHost(db, agent);
  await tx.run((trx) =>
    insertJob(trx, {
      id,
      host_id: agent.hostId,
      kind: "backup",
      status: "running",
      actor_kind: "agent",
      queued_at: at,
    }),
  );
  return agent;
}
