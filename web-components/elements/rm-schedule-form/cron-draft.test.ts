import { expect, test } from "bun:test";
import { cronDraft, cronFault, cronText } from "./cron-draft.ts";

test("a cron text that a quick pick can say opens as that pick, and saves as the same times [UI-06]", () => {
  const picks: Record<string, string> = {
    "15 * * * *": "hourly",
    "15 */6 * * *": "hourly",
    "37 2 * * *": "daily",
    "30 3 * * 1-5": "weekly",
    "30 3 * * 0,6": "weekly",
    "0 5 31 * *": "monthly",
  };
  for (const [cron, kind] of Object.entries(picks)) {
    const draft = cronDraft(cron);
    expect([cron, draft.kind, cronText(draft)]).toEqual([cron, kind, cron]);
  }
});

test("names and other spellings of a quick pick are that pick", () => {
  expect(cronText(cronDraft("30 03 * * mon-fri"))).toBe("30 3 * * 1-5");
  expect(cronText(cronDraft("0 4 * * 7"))).toBe("0 4 * * 0");
  expect(cronText(cronDraft("0 0,12 * * *"))).toBe("0 */12 * * *");
});

test("what no quick pick can say stays as it is written", () => {
  for (const cron of [
    "*/15 * * * *",
    "0,30 2 * * *",
    "0 1/6 * * *",
    "0 8-18 * * *",
    "0 5 1 1 *",
    "0 5 1 * 1",
    "0 5 1,15 * *",
    "0 0 2 * * *",
    "nonsense",
  ]) {
    const draft = cronDraft(cron);
    expect([draft.kind, cronText(draft)]).toEqual(["custom", cron]);
  }
});

test("a pick that is not whole says what it lacks", () => {
  const draft = cronDraft("37 2 * * *");
  expect(cronFault(draft)).toBeNull();
  expect(cronFault({ ...draft, time: "" })).toBe("Choose a time.");
  expect(cronFault({ ...draft, kind: "weekly", weekdays: new Set() })).toBe(
    "Choose at least one day.",
  );
  expect(cronFault({ ...draft, kind: "monthly", day: "32" })).toBe(
    "Use a day from 1 to 31.",
  );
  expect(cronFault({ ...draft, kind: "hourly", minute: "60" })).toBe(
    "Use a minute from 0 to 59.",
  );
  expect(cronFault({ ...draft, kind: "custom", text: " " })).toContain(
    "five cron fields",
  );
});
