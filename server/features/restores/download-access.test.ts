import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  codeOf,
  createTestDownloads,
  greet,
  sendForEver,
} from "../../testing/test-downloads.ts";
import type { TestDownloads } from "../../testing/test-downloads.ts";
import type { TestEndpoint } from "../../testing/test-endpoint.ts";

let server: TestDownloads;
let nas: TestEndpoint;

beforeEach(async () => {
  server = await createTestDownloads();
  ({ nas } = server);
});
afterEach(() => server.listener.cut());

test.each<[string, () => Promise<unknown>]>([
  [
    "a browser whose session ends gets no more",
    async () => {
      const { id } = await server.db
        .selectFrom("sessions")
        .select("id")
        .executeTakeFirstOrThrow();
      server.events.emit({ type: "session.ended", sessionId: id });
    },
  ],
  // As another process does, which nobody here hears of.
  [
    "a browser whose password is reset on the command line gets no more after a minute",
    async () => {
      await server.db.deleteFrom("sessions").execute();
      await server.minutes(1);
    },
  ],
  [
    "a browser whose session runs out gets no more after a minute",
    async () => {
      const expires_at = "2026-01-01T00:00:30.000Z";
      await server.db.updateTable("sessions").set({ expires_at }).execute();
      await server.minutes(1);
    },
  ],
  [
    "a browser of somebody who may not download any more gets no more after a minute",
    async () => {
      await server.db.updateTable("users").set({ role: "viewer" }).execute();
      await server.minutes(1);
    },
  ],
])("%s [DIF-01] [AUT-05]", async (_name, happen) => {
  const ended = Promise.withResolvers<number>();
  server.onDump(nas, async (line) => {
    await sendForEver(line);
    ended.resolve(await line.closed);
  });
  const response = await server.download("path=/etc/hosts");
  await response.body?.getReader().read();
  await happen();
  expect(await ended.promise).toBe(1000);
});

test("a browser that asks for the head alone is told to use GET, and starts nothing [DIF-01]", async () => {
  server.onDump(nas, greet);
  const url = `http://127.0.0.1:${server.listener.port}${server.snapshot}/download?path=/etc/hosts`;
  for (let times = 0; times < 3; times++) {
    const head = await fetch(url, { method: "HEAD", headers: server.admin });
    expect([head.status, head.headers.get("allow")]).toEqual([405, "GET"]);
  }
  expect(nas.received).toEqual([]);
  expect(await server.actions()).not.toContain("snapshot.download");
});

test("a browser of a viewer, or sent by another site, gets nothing [DIF-01] [RBC-03]", async () => {
  const viewer = await server.api.as("viewer");
  const query = "path=/etc/hosts";
  expect(
    await codeOf(await server.download(query, { headers: viewer })),
  ).toEqual([403, "forbidden"]);
  const headers = { "Sec-Fetch-Site": "cross-site" };
  expect(await codeOf(await server.download(query, { headers }))).toEqual([
    403,
    "origin_refused",
  ]);
  expect(nas.received).toEqual([]);
});
