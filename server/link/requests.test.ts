import { beforeEach, expect, test } from "bun:test";
import { z } from "zod";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { resume } from "@restic-manager/shared/protocol/hello.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openSqlite } from "../adapters/sqlite-db.ts";
import { identityOf, verifySignature } from "../identity.ts";
import type { BusMessage } from "../ports/bus.ts";
import { createRandom } from "../random.ts";
import { createTestAgent, insertTestHost } from "../testing/test-agent.ts";
import { createTestLog } from "../testing/test-log.ts";
import { createHostKeys } from "./host-keys.ts";
import { createAgentRequests } from "./requests.ts";

const clock = createManualClock();
const identity = identityOf(new Uint8Array(32).fill(99), createRandom(clock));
const agent = createTestAgent(clock, 1);
const other = createTestAgent(clock, 2);

let ask: (message: BusMessage) => Promise<string | null>;
let log: ReturnType<typeof createTestLog>;

beforeEach(async () => {
  const { db } = openSqlite(":memory:");
  await insertTestHost(db, agent);
  log = createTestLog();
  const requests = createAgentRequests({
    bus: {
      serve(_pattern, handler) {
        ask = handler;
        return () => {};
      },
    },
    identity,
    hostKeys: createHostKeys(db, clock),
    clock,
    log,
  });
  requests.on("resume", resume, async (host, body) => ({
    host,
    epoch: body.epoch,
  }));
  requests.on("cfg.get", z.object({ host: z.string() }), () =>
    Promise.reject(new Error("The handler fails.")),
  );
  requests.start();
});

function reply(text: string | null): unknown {
  const signed = parseJson(text ?? "", signedText);
  return signed === null
    ? null
    : openSigned(
        "rm-reply-v1",
        signed,
        identity.publicKey,
        verifySignature,
        z.unknown(),
      );
}

test("a signed request is answered under the server's signature", async () => {
  const text = await ask(agent.request("resume", { epoch: agent.epoch }));
  expect(reply(text)).toEqual({ host: agent.hostId, epoch: agent.epoch });
});

test.each([
  [
    "signed by another host",
    {
      ...other.request("resume", { host: agent.hostId, epoch: "e" }),
      hostId: agent.hostId,
    },
  ],
  [
    "that names another host",
    agent.request("resume", { host: other.hostId, epoch: "e" }),
  ],
  ["signed as an event", { ...agent.event(1, "resume", {}), tail: "resume" }],
  ["without its fields", agent.request("resume", {})],
  ["that nobody knows", agent.request("renew", {})],
  ["that is no JSON", { hostId: agent.hostId, tail: "resume", text: "{" }],
])(
  "a request %s gets no answer, and the log says so",
  async (_what, message) => {
    expect(await ask(message)).toBeNull();
    expect(log.entries[0]?.fields).toMatchObject({ host_id: agent.hostId });
  },
);

test("a handler that fails gives no answer, and the log has its error", async () => {
  expect(await ask(agent.request("cfg.get", {}))).toBeNull();
  expect(log.entries[0]).toMatchObject({
    level: "error",
    fields: { kind: "cfg.get", host_id: agent.hostId },
  });
});

test("the hello of a host that the server does not know is answered with unknown_host", async () => {
  const stranger = createTestAgent(clock, 3);
  expect(reply(await ask(stranger.request("hello", {})))).toMatchObject({
    ok: false,
    host: stranger.hostId,
    t: "2026-01-01T00:00:00.000Z",
    code: "unknown_host",
  });
  expect(await ask(stranger.request("resume", { epoch: "e" }))).toBeNull();
});

test("requests that are refused without end are one line a minute in the log", async () => {
  const refused = async () => {
    for (let i = 0; i < 50; i++)
      await ask({ hostId: agent.hostId, tail: `x${i}`, text: "{" });
    return log.entries.map(({ fields }) => fields.count);
  };
  expect(await refused()).toEqual([1]);
  await clock.advance(60_000);
  expect(await refused()).toEqual([1, 50]);
});
