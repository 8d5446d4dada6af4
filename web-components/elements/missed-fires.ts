import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { css, html, nothing, type TemplateResult } from "lit";
import { plural, timeIn } from "./format.ts";
import { icon } from "./icon.ts";

type Missed = Schedule["missed"][number];

const reasons: Readonly<Record<Missed["reason"], (missed: Missed) => string>> =
  {
    agent_down: () => "the host was off, or its agent did not run",
    asleep: () => "the host was asleep",
    busy: () => "the backup before was still running",
    abandoned: ({ attempts }) =>
      `given up after ${plural(attempts, "attempt")} without success`,
  };

export const missedFiresStyles = css`
  .missed {
    margin-top: 14px;
    padding-top: 10px;
    border-top: 1px solid var(--rm-border);
  }
  .missed li {
    display: grid;
    grid-template-columns: 14px minmax(0, 1fr);
    gap: 8px;
    padding: 4px 0;
    font-size: var(--rm-size-13);
    line-height: 18px;
  }
  .missed li .icon {
    margin-top: 2px;
  }
  .missed summary {
    font-size: var(--rm-size-13);
    font-weight: 500;
    cursor: pointer;
    width: max-content;
    max-width: 100%;
  }
  .missed[open] summary {
    margin-bottom: 4px;
  }
`;

/** Fires of the last 30 days that brought no backup at their time, and what became of them. */
export function missedFires(
  { missed, tz }: Schedule,
  groupName: (id: string) => string | undefined,
): TemplateResult | typeof nothing {
  if (missed.length === 0) return nothing;
  const fires = missed.reduce((sum, { count }) => sum + count, 0);
  const isOpen = missed.some(({ caught_up_by }) => caught_up_by.length === 0);
  return html`<details class="missed" ?open=${isOpen}>
    <summary>${plural(fires, "run")} missed in 30 days</summary>
    <ul>
      ${missed.map((miss) => line(miss, tz, groupName))}
    </ul>
  </details>`;
}

function line(
  miss: Missed,
  tz: string,
  groupName: (id: string) => string | undefined,
): TemplateResult {
  const { reason, caught_up_by: jobs, source_group_id } = miss;
  const group =
    source_group_id === null ? undefined : groupName(source_group_id);
  const first = timeIn(tz, Date.parse(miss.first_due_at), "dayTime");
  const last = timeIn(tz, Date.parse(miss.last_due_at), "dayTime");
  const when =
    miss.count === 1
      ? first
      : `${plural(miss.count, "run")}, ${first} to ${last}`;
  const isMadeUp = jobs.length > 0;
  return html`<li>
    <span class=${isMadeUp ? "ok" : "warn"}
      >${icon(isMadeUp ? "circle-check" : "warning", 14)}</span
    >
    <p>
      <strong class="num">${when}</strong
      >${group === undefined ? "" : `, ${group}`}: ${reasons[reason](miss)};
      ${isMadeUp ? html`made up for by ${jobLinks(jobs)}.` : "nothing was backed up instead."}
    </p>
  </li>`;
}

function jobLinks(jobs: readonly string[]): TemplateResult {
  return html`${jobs.map(
    (job, index) =>
      html`${index === 0 ? "" : ", "}<a class="link" href="/jobs/${job}"
          >job ${job.slice(-6)}</a
        >`,
  )}`;
}
