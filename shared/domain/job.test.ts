import { describe, expect, test } from "bun:test";
import {
  isTerminal,
  jobOutcomes,
  jobStates,
  nextJobState,
  type JobEvent,
  type JobState,
} from "./job.ts";

const done = jobOutcomes.map((outcome): JobEvent => ({
  type: "done",
  outcome,
}));
const events: JobEvent[] = [
  { type: "sent" },
  { type: "started" },
  { type: "refused" },
  ...done,
];

describe("the state of a job", () => {
  test.each([
    ["queued", "sent", "sent"],
    ["queued", "started", "running"],
    ["queued", "refused", "failed"],
    ["sent", "sent", "sent"],
    ["sent", "started", "running"],
    ["sent", "refused", "failed"],
    ["running", "sent", "running"],
    ["running", "started", "running"],
    ["running", "refused", "running"],
  ] as const)("%s, then %s, is %s", (state, type, next) => {
    expect(nextJobState(state, { type })).toBe(next);
  });

  test("whatever it was, the end is what the agent says", () => {
    for (const state of jobStates.filter((s) => !isTerminal(s)))
      for (const outcome of jobOutcomes)
        expect(nextJobState(state, { type: "done", outcome })).toBe(outcome);
  });

  test("an end never changes, whatever comes late or twice [JOB-01]", () => {
    for (const outcome of jobOutcomes)
      for (const event of events)
        expect(nextJobState(outcome, event)).toBe(outcome);
  });

  test("the order in which an agent's events arrive does not matter", () => {
    const arrivals: JobEvent[][] = [
      [{ type: "started" }, { type: "done", outcome: "succeeded" }],
      [{ type: "done", outcome: "succeeded" }, { type: "started" }],
      [{ type: "done", outcome: "succeeded" }, { type: "sent" }],
    ];
    for (const arrival of arrivals) {
      const end = arrival.reduce<JobState>(nextJobState, "sent");
      expect(end).toBe("succeeded");
    }
  });
});
