import { expect, test } from "bun:test";
import { createManualClock } from "@restic-manager/shared/testing/manual-clock.ts";
import {
  jobProgress,
  type JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import { parseMessage } from "../restic/messages.ts";
import { createProgressReporter } from "./progress.ts";

function setUp() {
  const clock = createManualClock();
  const sent: { at: number; progress: JobProgress }[] = [];
  const start = clock.now();
  const reporter = createProgressReporter(clock, (progress) =>
    sent.push({ at: clock.now() - start, progress }),
  );
  const say = (more: object) =>
    reporter.add(
      parseMessage(JSON.stringify({ message_type: "status", ...more })),
    );
  return { clock, sent, reporter, say };
}

test("the first one goes out at once, the next ones once a second, always the newest [JOB-04]", async () => {
  const { clock, sent, say } = setUp();
  for (let i = 1; i <= 40; i++) {
    say({ percent_done: i / 100, bytes_done: i });
    await clock.advance(250);
  }
  expect(sent.map(({ at }) => at)).toEqual([
    0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
  ]);
  expect(sent.map(({ progress }) => progress.bytes_done)).toEqual([
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40,
  ]);
});

test("silence of restic is silence to people, and nothing comes after the end", async () => {
  const { clock, sent, say, reporter } = setUp();
  await clock.advance(5_000);
  expect(sent).toHaveLength(1);
  say({ percent_done: 0.5 });
  expect(sent).toHaveLength(2);
  say({ percent_done: 0.6 });
  reporter.stop();
  await clock.advance(5_000);
  expect(sent).toHaveLength(2);
});

test("the phase follows the scan and the last byte, and numbers fit the protocol", async () => {
  const { clock, sent, say, reporter } = setUp();
  const phases = async (more: object) => {
    await clock.advance(1_000);
    say({
      total_bytes: 100,
      seconds_elapsed: 2,
      seconds_remaining: 9,
      current_files: Array.from({ length: 20 }, () => "f".repeat(5000)),
      ...more,
    });
    await clock.advance(1_000);
    const last = sent.at(-1)?.progress;
    expect(jobProgress.safeParse(last).success).toBe(true);
    return [last?.phase, last?.seconds_remaining, last?.rate];
  };
  expect(await phases({ bytes_done: 10 })).toEqual(["scanning", null, 5]);
  reporter.add({ type: "scanned" });
  expect(await phases({ bytes_done: 50 })).toEqual(["backup", 9, 25]);
  expect(await phases({ bytes_done: 100, percent_done: 1.01 })).toEqual([
    "finishing",
    9,
    50,
  ]);
});
