import { join } from "node:path";
import { expect, test } from "bun:test";
import {
  openSigned,
  parseJson,
  signedText,
  signText,
} from "@restic-manager/shared/identity/signed.ts";
import { commandAnswer } from "@restic-manager/shared/protocol/command.ts";
import { commandVerbs } from "@restic-manager/shared/protocol/topic.ts";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { toTimestamp } from "@restic-manager/shared/clock.ts";
import { signingKey, verifySignature } from "../identity/keys.ts";
import type { Connection } from "../link/link.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createDispatch, type CommandHandler } from "./dispatch.ts";
import { createSeenCommands } from "./seen-commands.ts";

const tempDir = createTempDirs();
const hostId = "habcdefghijkl";
const server = signingKey(new Uint8Array(32).fill(1));
const [agent, next] = [2, 3].map((n) =>
  signingKey(new Uint8Array(32).fill(n)),
) as [ReturnType<typeof signingKey>, ReturnType<typeof signingKey>];

function setUp() {
  const clock = createManualClock();
  const random = createRandom(clock);
  let key = agent;
  let untimely = 0;
  const carriedOut: string[] = [];
  const handler =
    (verb: string): CommandHandler =>
    async () => {
      carriedOut.push(verb);
      key = next;
      return {};
    };
  const dispatch = createDispatch({
    hostId,
    serverKey: server.publicKey,
    key: () => key,
    time: clock,
    seen: createSeenCommands(openStateDb(join(tempDir(), "agent.db"))),
    log: createLog({ level: "error", format: "text", clock, write() {} }),
    onUntimely: () => void untimely++,
    handlers: Object.fromEntries(
      commandVerbs.map((verb) => [verb, handler(verb)]),
    ) as Record<(typeof commandVerbs)[number], CommandHandler>,
  });
  const command = (offsetMs = 0) =>
    JSON.stringify(
      signText(
        "rm-command-v1",
        {
          v: 1,
          id: random.id(),
          host: hostId,
          verb: "ping",
          iat: toTimestamp(clock.now() + offsetMs),
          exp: toTimestamp(clock.now() + offsetMs + 10_000),
          p: {},
        },
        server.sign,
      ),
    );
  return {
    carriedOut,
    command,
    untimely: () => untimely,
    async ask(body: string, verb = "ping", by = agent) {
      const subject = `rm.v1.${hostId}.cmd.${verb}`;
      const text = await dispatch({} as Connection, subject, body);
      const signed = parseJson(text, signedText);
      return signed === null
        ? null
        : openSigned(
            "rm-event-v1",
            signed,
            by.publicKey,
            verifySignature,
            commandAnswer,
          );
    },
  };
}

test("a command changed in any one place is answered and not carried out", async () => {
  const { command, ask, carriedOut } = setUp();
  const text = command();
  for (let at = 0; at < text.length; at++)
    for (const character of ["0", '"', "\u0000"]) {
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      if (changed === text) continue;
      expect(await ask(changed)).toMatchObject({ ok: false });
    }
  for (const odd of ["", "null", "[".repeat(20_000), '{"b":"{}","s":""}'])
    expect(await ask(odd)).toMatchObject({ ok: false });
  expect(await ask(text, "job.start")).toMatchObject({ ok: false });
  expect(carriedOut).toEqual([]);
  expect(await ask(text)).toMatchObject({ ok: true });
});

test("a command that changes the key is answered by the key it came to [ENR-14]", async () => {
  const { command, ask } = setUp();
  expect(await ask(command())).toMatchObject({ ok: true });
  const second = command();
  expect(await ask(second, "ping", agent)).toBeNull();
  expect(await ask(command(), "ping", next)).toMatchObject({ ok: true });
});

test("a command of another time makes the agent ask for the time; a forged one does not", async () => {
  const { command, ask, untimely } = setUp();
  for (const offset of [-3_600_000, 3_600_000])
    expect(await ask(command(offset))).toMatchObject({
      code: "command_expired",
    });
  expect(untimely()).toBe(2);
  await ask(command(-3_600_000).replace("ping", "job.start"));
  expect(untimely()).toBe(2);
});
