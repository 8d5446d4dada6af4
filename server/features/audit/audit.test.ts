import { expect, test } from "bun:test";
import { deepFreeze } from "@restic-manager/shared/testing/deep-freeze.ts";
import { systemInitiator } from "../../ports/audit.ts";
import { createTestWorld } from "../../testing/test-api.ts";

test("hiding passwords in addresses leaves the rest of a row as it is [AUD-05]", async () => {
  const { db, tx, audit } = createTestWorld();
  const payload = (url: string) => ({ url, excludes: ["*.me@home", "x"] });
  await tx.run((trx) =>
    audit.record(trx, systemInitiator("test"), {
      action: "test",
      payload: payload("rest:https://ada:hunter22@nas:8000"),
    }),
  );
  const row = await db
    .selectFrom("audit_log")
    .select("payload")
    .executeTakeFirstOrThrow();
  expect(JSON.parse(row.payload)).toEqual(payload("rest:https://***@nas:8000"));
});

test("a row is written without changing what it is made of [RES-06]", async () => {
  const { tx, audit } = createTestWorld();
  const by = deepFreeze(systemInitiator("test"));
  const entry = deepFreeze({
    action: "test",
    target: { kind: "host", id: "h1" },
    payload: { url: "https://ada:hunter22@nas", tags: ["https://a:b@c"] },
  });
  await tx.run((trx) => audit.record(trx, by, entry));
  expect(entry.payload.tags).toEqual(["https://a:b@c"]);
});
