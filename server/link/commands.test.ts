import { beforeEach, expect, test } from "bun:test";
import { z } from "zod";
import {
  openSigned,
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { command } from "@restic-manager/shared/protocol/command.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { openSqlite } from "../adapters/sqlite-db.ts";
import { identityOf, verifySignature } from "../identity.ts";
import type { AgentCommands } from "../ports/agent-link.ts";
import { BusError } from "../ports/bus.ts";
import { createRandom } from "../random.ts";
import { createTestAgent, insertTestHost } from "../testing/test-agent.ts";
import { createTestLog } from "../testing/test-log.ts";
import { createAgentCommands } from "./commands.ts";
import { createHostKeys } from "./host-keys.ts";

const clock = createManualClock();
const random = createRandom(clock);
const identity = identityOf(new Uint8Array(32).fill(99), random);
const agent = createTestAgent(clock, 1);
const other = createTestAgent(clock, 2);
const pong = z.object({ pong: z.boolean() });

let commands: AgentCommands;
let sent: { subject: string; text: string }[];
let answer: (commandId: string) => string;

beforeEach(async () => {
  const { db } = openSqlite(":memory:");
  await insertTestHost(db, agent);
  sent = [];
  answer = (id) =>
    agent.signed("rm-event-v1", { id, ok: true, result: { pong: true } });
  commands = createAgentCommands({
    bus: {
      async request(subject, text) {
        sent.push({ subject, text });
        return answer(opened(text)?.id ?? "");
      },
    },
    identity,
    hostKeys: createHostKeys(db, clock),
    random,
    clock,
    log: createTestLog(),
  });
});

function opened(text: string) {
  const signed = parseJson(text, signedText);
  return signed === null
    ? null
    : openSigned(
        "rm-command-v1",
        signed,
        identity.publicKey,
        verifySignature,
        command,
      );
}

function ping() {
  return commands.send(agent.hostId, "ping", () => ({}), pong, 10_000);
}

test("a command names its host, verb and end of life inside the server's signature", async () => {
  const result = await commands.send(
    agent.hostId,
    "job.cancel",
    (id) => ({ about: id }),
    pong,
    10_000,
  );
  expect(result).toEqual({ ok: true, result: { pong: true } });
  expect(sent[0]?.subject).toBe(`rm.v1.${agent.hostId}.cmd.job.cancel`);
  const body = opened(sent[0]?.text ?? "");
  expect(body).toMatchObject({
    v: 1,
    host: agent.hostId,
    verb: "job.cancel",
    iat: "2026-01-01T00:00:00.000Z",
    exp: "2026-01-01T00:00:10.000Z",
    p: { about: body?.id },
  });
});

test("a refusal comes back with the agent's own code and sentence", async () => {
  answer = (id) =>
    agent.signed("rm-event-v1", {
      id,
      ok: false,
      code: "stopping",
      message: "The agent is stopping.",
    });
  expect(await ping()).toEqual({
    ok: false,
    code: "stopping",
    message: "The agent is stopping.",
  });
});

test.each([
  [
    "of another host",
    (id: string) => other.signed("rm-event-v1", { id, ok: true, result: {} }),
  ],
  [
    "signed for another purpose",
    (id: string) => agent.signed("rm-request-v1", { id, ok: true, result: {} }),
  ],
  [
    "to another command",
    () => agent.signed("rm-event-v1", { id: "old", ok: true, result: {} }),
  ],
  ["that is not signed", () => '{"ok":true}'],
])("an answer %s is not believed", async (_what, reply) => {
  answer = reply;
  await expect(ping()).rejects.toMatchObject({ code: "agent_refused" });
});

test.each([
  ["nobody listens", "no_listener", "host_offline"],
  ["no answer comes in time", "timeout", "agent_timeout"],
  ["the broker is away", "bus_down", "starting"],
] as const)(
  "when %s the caller is told %s as %s",
  async (_what, code, told) => {
    answer = () => {
      throw new BusError(code, code);
    };
    await expect(ping()).rejects.toMatchObject({ code: told });
  },
);

test("nothing is sent to a host that does not exist", async () => {
  const sending = commands.send(other.hostId, "ping", () => ({}), pong, 1_000);
  await expect(sending).rejects.toMatchObject({ code: "host_not_found" });
  expect(sent).toEqual([]);
});
