import { CompiledQuery, createQueryId } from "kysely";
import type { RootOperationNode } from "kysely";
import { expect, test } from "bun:test";
import { createTestUpkeep } from "../../testing/test-upkeep.ts";
import type { Trx } from "../../ports/transaction.ts";
import { isInUse } from "../maintenance/store.ts";
import { upkeepGiven } from "../repos/stats-store.ts";
import { findJob } from "./store.ts";
import { jobsBefore, unfinishedUpkeep } from "./upkeep-store.ts";

test("whose turn it is, and what was given to a host, is found without going through a repository's history [LCK-02]", async () => {
  const { db, post, nas, repositoryId } = await createTestUpkeep();
  const { body } = await post("check");
  const job = await findJob(db, body.id);
  if (job === null) throw new Error("there is no such job");
  const asked: RootOperationNode[] = [];
  const watched = db.withPlugin({
    transformQuery({ node }) {
      asked.push(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  }) as unknown as Trx;
  await jobsBefore(watched, job);
  await unfinishedUpkeep(watched, repositoryId);
  await isInUse(watched, repositoryId);
  await upkeepGiven(watched, nas.hostId, repositoryId);
  expect(asked).toHaveLength(4);
  for (const node of asked) {
    const query = db.getExecutor().compileQuery(node, createQueryId());
    const explained = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${query.sql}`, [
      ...query.parameters,
    ]);
    const { rows } = await db.executeQuery<{ detail: string }>(explained);
    const plan = rows.map(({ detail }) => detail).join("\n");
    expect(plan).toMatch(/jobs_by_end|repository_id=\? AND kind=\?/);
  }
});
