import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import { expect, test } from "bun:test";
import { Readable } from "node:stream";
import { until } from "./bus-contract.ts";
import { linesPerSecond, readSlowly } from "./slow-lines.ts";

test("a flood of lines is read at a fixed pace, and whoever writes it waits [TRN-07]", async () => {
  const clock = createManualClock();
  let written = 0;
  const flood = Readable.from(
    (function* () {
      for (;;) {
        written++;
        yield "line\n";
      }
    })(),
  );
  let read = 0;
  const cancel = readSlowly(flood, clock, () => read++);
  for (let second = 1; second <= 3; second++) {
    await until(() => read >= second * linesPerSecond);
    await new Promise((resolve) => setImmediate(resolve));
    // What was on its way is still handed over.
    expect(written - read).toBeLessThan(linesPerSecond);
    expect(read).toBeLessThan((second + 1) * linesPerSecond);
    await clock.advance(1000);
  }
  cancel();
  flood.destroy();
});

test("what has ended is not read on, and harms nobody [TRN-07]", async () => {
  const clock = createManualClock();
  const read: string[] = [];
  const ending = Readable.from(["one\ntwo\n"]);
  const cancel = readSlowly(ending, clock, (line) => read.push(line));
  await until(() => ending.closed);
  await clock.advance(3000);
  expect(read).toEqual(["one", "two"]);
  cancel();
});
