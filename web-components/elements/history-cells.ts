import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { css, html, type TemplateResult } from "lit";
import { time } from "./format.ts";

type Day = HostRow["days"][number];

const dayMs = 86_400_000;
const words: Readonly<Record<Day, string>> = {
  ok: "backed up",
  issues: "with issues",
  failed: "failed",
  none: "no run",
};

/** The days of a host as cells with their dates, oldest first; a day's shape says what its colour says. */
export function historyCells(
  days: readonly Day[],
  now: number,
): TemplateResult {
  const number = (day: Day) => days.filter((other) => other === day).length;
  const label = Object.entries(words).map(
    ([day, word]) => `${number(day as Day)} ${word}`,
  );
  return html`<div
    class="cells"
    role="img"
    aria-label="Last ${days.length} days: ${label.join(", ")}"
  >
    ${days.map(
      (day, index) =>
        html`<span
          class=${day}
          title="${time(now - (days.length - 1 - index) * dayMs, "day")}: ${words[day]}"
        ></span>`,
    )}
  </div>`;
}

export const historyCellsStyles = css`
  .cells {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    gap: 4px;
    align-items: end;
    height: 32px;
  }
  .cells span {
    border-radius: 3px;
    height: 100%;
  }
  .cells .ok {
    background: var(--rm-ok);
  }
  .cells .issues {
    height: 70%;
    background: var(--rm-warn);
  }
  .cells .failed {
    background: linear-gradient(
      var(--rm-bad) 0 42%,
      transparent 42% 58%,
      var(--rm-bad) 58%
    );
  }
  .cells .none {
    height: 5px;
    background: var(--rm-active);
  }
  @media (max-width: 719px) {
    .cells {
      gap: 2px;
    }
  }
`;
