import { expect, test } from "bun:test";
import { apiErrorBody } from "@restic-manager/shared/api/errors.ts";
import * as fc from "fast-check";
import { createTestBackups, setUpBody } from "../testing/test-backups.ts";

/** A failure prints seed and path; with both in `fc.assert` it happens again at once. */
const runs = { seed: 20261124, numRuns: 80, timeout: 2_000 };

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "\u0000",
    "\ud800",
    "/",
    "* * * * *",
    "0 0 30 2 *",
    -1,
    1e308,
  ),
);

/** A right body with one part, anywhere in it, replaced, added or taken away. */
function damaged(body: unknown): fc.Arbitrary<unknown> {
  const any = value as fc.Arbitrary<unknown>;
  if (typeof body !== "object" || body === null) return any;
  const entries = Object.entries(body);
  const deeper = entries.map(([key, part]) =>
    damaged(part).map((other) => ({ ...body, [key]: other })),
  );
  const fewer = entries.map(([key]) =>
    fc.constant(Object.fromEntries(entries.filter(([k]) => k !== key))),
  );
  const more = fc
    .tuple(fc.string({ minLength: 1, maxLength: 8 }), any)
    .map(([key, other]) => ({ ...body, [key]: other }));
  return fc.oneof(any, more, ...deeper, ...fewer);
}

test("what exists is changed rightly or not at all, however a body is damaged [API-03]", async () => {
  const world = await createTestBackups();
  const nas = await world.addHost(1, "nas");
  const made = await world.setUp(nas);
  const repository = `/api/repositories/${made.repository.id}`;
  const changes = [
    ["PUT", `/api/sources/${made.group_id}`, setUpBody().source],
    [
      "PATCH",
      `/api/schedules/${made.schedule_id}`,
      { enabled: true, cron: "30 2 * * *" },
    ],
    ["PATCH", repository, { name: "attic", env: { AWS_REGION: "eu" } }],
    ["POST", `/api/hosts/${nas.hostId}/setup`, setUpBody()],
  ] as const;
  for (const [method, path, body] of changes) {
    await fc.assert(
      fc.asyncProperty(damaged(body), async (sent) => {
        const answer = await world.call(method, path, sent);
        expect([answer.status, answer.status < 500]).toEqual([
          answer.status,
          true,
        ]);
        if (answer.status >= 400) apiErrorBody.parse(answer.body);
      }),
      runs,
    );
  }
  // What was taken can be read again.
  for (const part of ["sources", "schedules", "repositories", "snapshots"]) {
    const path = `/api/hosts/${nas.hostId}/${part}`;
    expect([path, (await world.call("GET", path)).status]).toEqual([path, 200]);
  }
});
