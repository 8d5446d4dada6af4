import { join } from "node:path";
import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import {
  parseJson,
  signedText,
} from "@restic-manager/shared/identity/signed.ts";
import { eventEnvelope } from "@restic-manager/shared/protocol/event.ts";
import { signingKey } from "../identity/keys.ts";
import { createLog } from "../log.ts";
import { createRandom } from "../random.ts";
import { openStateDb } from "../state-db.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { createMemoryLink } from "./memory-link.ts";
import { sendOutbox } from "./outbox-sender.ts";
import { createOutbox } from "./outbox.ts";

const tempDir = createTempDirs();

async function setUp() {
  const clock = createManualClock();
  const logged: string[] = [];
  const db = openStateDb(join(tempDir(), "agent.db"));
  const { sign } = signingKey(new Uint8Array(32).fill(4));
  const time = { stamp: () => "2026-01-01T00:00:00.000Z" };
  const outbox = createOutbox({
    db,
    hostId: "habcdefghijkl",
    sign,
    time,
    random: createRandom(clock),
  });
  const { link, server } = createMemoryLink();
  const connection = await link.connect();
  const stop = new AbortController();
  const log = createLog({
    level: "info",
    format: "text",
    clock,
    write: (line) => logged.push(line),
  });
  /** What the server says it has stored. */
  const mark = { seq: 0 };
  const sending = sendOutbox(
    {
      outbox,
      clock,
      log,
      resume: async () => ({ epoch: outbox.epoch(), seq: mark.seq }),
      onHandedOver: () => {},
      isRepeat: false,
    },
    connection,
    stop.signal,
  );
  const received = () =>
    server
      .received()
      .map(
        ({ body }) =>
          parseJson(parseJson(body, signedText)?.b ?? "", eventEnvelope)?.seq ??
          0,
      );
  const end = async () => {
    stop.abort();
    await sending;
  };
  return {
    clock,
    outbox,
    server,
    received,
    mark,
    logged,
    end,
    connection,
  };
}

test("what waits and what comes is handed over in order", async () => {
  const { clock, outbox, received, end } = await setUp();
  for (let i = 0; i < 150; i++) outbox.put("job.done", { i });
  await clock.advance(0);
  await clock.advance(0);
  outbox.put("job.done", {});
  await clock.advance(1);
  expect(received()).toEqual(Array.from({ length: 151 }, (_, i) => i + 1));
  await end();
});

test("rows stay until the server says that it has stored them", async () => {
  const { clock, outbox, received, mark, end } = await setUp();
  outbox.put("job.started", {});
  outbox.put("job.done", {});
  await clock.advance(1);
  expect(received()).toEqual([1, 2]);
  expect(outbox.depth()).toBe(2);
  mark.seq = 1;
  await clock.advance(5_000);
  expect(outbox.depth()).toBe(1);
  mark.seq = 2;
  await clock.advance(5_000);
  expect(outbox.depth()).toBe(0);
  await end();
});

test("a full stream is tried again, slower and slower, and nothing is lost", async () => {
  const { clock, outbox, server, received, logged, end } = await setUp();
  server.refuseDeliveries(true);
  outbox.put("job.started", {});
  outbox.put("job.done", {});
  await clock.advance(10_000);
  expect(received()).toEqual([]);
  expect(logged.length).toBeGreaterThan(1);
  expect(logged.length).toBeLessThan(6);
  server.refuseDeliveries(false);
  await clock.advance(30_000);
  expect(received()).toEqual([1, 2]);
  await end();
});

test("what the broker took but the server never stored is sent once more", async () => {
  const { clock, outbox, received, mark, end } = await setUp();
  outbox.put("job.started", {});
  outbox.put("job.done", {});
  mark.seq = 1;
  await clock.advance(30_000);
  expect(received()).toEqual([1, 2]);
  await clock.advance(60_000);
  // By another name, or the broker would drop it.
  expect(received()).toEqual([1, 2, 2]);
  expect(outbox.depth()).toBe(1);
  await end();
});

test("it ends with the connection", async () => {
  const { outbox, connection, end } = await setUp();
  await connection.close();
  outbox.put("job.done", {});
  await end();
  expect(outbox.depth()).toBe(1);
});
