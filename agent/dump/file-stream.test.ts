import { afterEach, beforeEach, expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { maxStreamPiece } from "@restic-manager/shared/protocol/stream.ts";
import { startStreamDoor, type StreamDoor } from "../testing/stream-door.ts";
import { until } from "../testing/until.ts";
import { openFileStream, type FileStream } from "./file-stream.ts";

const total = 4 * maxStreamPiece + 1000;
const content = crypto.getRandomValues(Buffer.alloc(65_536)).toString("hex");
const file = Buffer.from(content.repeat(9).slice(7, 7 + total));
const clock = createManualClock();
let door: StreamDoor;
let stream: FileStream;

beforeEach(async () => {
  door = startStreamDoor();
  const deps = { server: () => door.url, trust: null, clock };
  stream = await openFileStream(deps, { b: "{}", s: "" });
});
afterEach(() => door.stop());

async function sendAll(pieceSize: number, wanted = file): Promise<void> {
  for (let at = 0; at < wanted.length; at += pieceSize)
    await stream.send(wanted.subarray(at, at + pieceSize));
}

test("small pieces of a download leave as few messages, and the last ones wait only a moment [DIF-01]", async () => {
  door.grant(total);
  await sendAll(5000);
  await until("full messages", () => door.received() >= 4 * maxStreamPiece);
  expect(door.largest()).toBe(maxStreamPiece);
  expect(door.received()).toBe(4 * maxStreamPiece);
  await clock.advance(20);
  await until("the rest", () => door.received() === total);
});

test.each([7, 300_000, 2 ** 20])(
  "a download of pieces of up to %d bytes comes byte by byte, whatever is granted at a time [DIF-01]",
  async (pieceSize) => {
    const wanted = pieceSize === 7 ? file.subarray(0, 5000) : file;
    const sending = sendAll(pieceSize, wanted).then(() =>
      stream.finish({ done: true, bytes: wanted.length }),
    );
    for (let granted = 0; granted < wanted.length;) {
      const more = Math.min(wanted.length - granted, 400_001);
      door.grant(more);
      granted += more;
      await until("what was granted", async () => {
        await clock.advance(20);
        return door.received() === granted;
      });
    }
    await sending;
    const { bytes } = await door.all();
    expect(bytes.equals(wanted)).toBe(true);
  },
);

test("a download that nobody takes any more is not sent on [RES-02]", async () => {
  door.close();
  await until("the end of the stream", () => stream.gone.aborted);
  await expect(sendAll(65_536)).rejects.toThrow();
  await stream.finish({ done: true, bytes: total });
});
