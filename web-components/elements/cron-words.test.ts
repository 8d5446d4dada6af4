import { expect, test } from "bun:test";
import { cronInWords } from "./cron-words.ts";

test("a cron text is said in words [UI-06]", () => {
  const words: Record<string, string> = {
    "37 2 * * *": "Daily at 02:37",
    "0 2,14 * * *": "Daily at 02:00 and 14:00",
    "30 3 * * 1-5": "Monday to Friday at 03:30",
    "30 3 * * mon-fri": "Monday to Friday at 03:30",
    "0 4 * * 0": "Sunday at 04:00",
    "0 4 * * 7": "Sunday at 04:00",
    "0 4 * * 6,0": "Saturday and Sunday at 04:00",
    "15 1 * * 1,3,5": "Monday, Wednesday and Friday at 01:15",
    "0 5 1 * *": "Monthly on the 1st at 05:00",
    "0 5 2,22,31 * *": "Monthly on the 2nd, 22nd and 31st at 05:00",
    "0 5 11-13 * *": "Monthly on the 11th to 13th at 05:00",
    "0 5 1 1,7 *": "On the 1st in January and July at 05:00",
    "0 5 * jan *": "Daily in January at 05:00",
    "0 5 1 * 1": "Monthly on the 1st or Monday at 05:00",
    "0 5 1-31 * 1": "Daily at 05:00",
    "15 * * * *": "Hourly at :15",
    "0,30 * * * *": "Every 30 minutes",
    "5,50 * * * *": "Hourly at :05 and :50",
    "*/15 * * * *": "Every 15 minutes",
    "*/15 * * * 1-5": "Every 15 minutes, Monday to Friday",
    "*/15 8-18 * * 1-5":
      "Every 15 minutes in the hours 08 to 18, Monday to Friday",
    "* * * * *": "Every minute",
    "30 */6 * * *": "Every 6 hours at :30",
    "30 1/6 * * *": "Daily at 01:30, 07:30, 13:30 and 19:30",
    "0 8-18 * * *": "Hourly from 08:00 to 18:00",
    "0 0-23 * * *": "Hourly at :00",
  };
  for (const [cron, text] of Object.entries(words))
    expect([cron, cronInWords(cron)]).toEqual([cron, text]);
});

test("a text that is no schedule stays as it is written", () => {
  for (const text of [
    "",
    "daily",
    "0 0 2 * * *",
    "99 2 * * *",
    "1-0 2 * * *",
    "0 2 L * *",
    "0 2 * * 1#2",
  ])
    expect(cronInWords(text)).toBe(text);
});
