import type { Retention } from "@restic-manager/shared/domain/source.ts";
import { isEmptyRetention } from "@restic-manager/shared/domain/retention.ts";
import { html, nothing, svg, type TemplateResult } from "lit";
import { textField } from "../field.ts";
import { icon } from "../icon.ts";
import { retentionPreview } from "../retention-preview.ts";
import { retentionRules, retentionSum } from "../retention-words.ts";
import {
  draftRetention,
  type GroupDraft,
  type KeepKey,
} from "./group-draft.ts";

export interface RetentionParts {
  readonly draft: GroupDraft;
  readonly errors: Readonly<Record<string, string>>;
  readonly change: (change: Partial<GroupDraft>) => void;
  /** Waits between the backups of the group, in a cycle. */
  readonly gaps: readonly number[];
  readonly now: number;
  /** What is of no use in it; empty for nothing. */
  readonly hint: string;
}

const counts = {
  last: "Last",
  hourly: "Hourly",
  daily: "Daily",
  weekly: "Weekly",
  monthly: "Monthly",
  yearly: "Yearly",
} as const;

const spans = {
  within: "Every one of the last",
  within_hourly: "One an hour of the last",
  within_daily: "One a day of the last",
  within_weekly: "One a week of the last",
  within_monthly: "One a month of the last",
  within_yearly: "One a year of the last",
} as const;

/** How long snapshots are kept, and what that comes to. */
export function retentionFields(parts: RetentionParts): TemplateResult {
  const { draft, errors, change } = parts;
  const field = (key: KeepKey, label: string, isCount: boolean) =>
    textField({
      id: key,
      label,
      ...(isCount ? { type: "number" as const } : { placeholder: "30d" }),
      value: draft.keep[key],
      error: errors[key],
      onInput: (text) => change({ keep: { ...draft.keep, [key]: text } }),
    });
  const isOpen =
    draft.keepTags !== "" ||
    Object.keys(spans).some(
      (key) => draft.keep[key as KeepKey] !== "" || errors[key] !== undefined,
    );
  return html`<div class="counts">
      ${Object.entries(counts).map(([key, label]) => field(key as KeepKey, label, true))}
    </div>
    <details ?open=${isOpen}>
      <summary>By age or tag</summary>
      <div class="fields">
        <p class="help">
          Durations of years, months, days and hours, such as 30d or 1y6m,
          counted back from the newest snapshot.
        </p>
        <div class="pair">
          ${Object.entries(spans).map(([key, label]) => field(key as KeepKey, label, false))}
        </div>
        ${textField({
          id: "keepTags",
          label: "Always keep snapshots with a tag",
          value: draft.keepTags,
          code: true,
          help: "Tags with spaces between them. They count beside the rules above, not instead of them.",
          error: errors["keepTags"],
          onInput: (keepTags) => change({ keepTags }),
        })}
      </div>
    </details>
    ${preview(parts)}
    ${
      parts.hint === ""
        ? nothing
        : html`<div class="notice warn">
            ${icon("warning")}<span>${parts.hint}</span>
          </div>`
    }`;
}

function preview({ draft, gaps, now }: RetentionParts): TemplateResult {
  const retention = draftRetention(draft);
  if (isEmptyRetention(retention))
    return html`<div role="status" class="keeps">
      <p><strong>Keeps every snapshot.</strong> Nothing is ever removed.</p>
    </div>`;
  return html`<div role="status" class="keeps">
    ${keeps(retention, gaps, now)}
  </div>`;
}

function keeps(
  retention: Retention,
  gaps: readonly number[],
  now: number,
): TemplateResult {
  const left = retentionPreview(retention, gaps, now);
  const { snapshots, oldest } = retentionSum(left);
  return html`<p>
      Keeps
      <strong>${snapshots}</strong>
      ${left.ages.length === 1 ? "snapshot" : "snapshots"} in the long run, the
      oldest about <strong>${oldest}</strong> old:
    </p>
    <ul class="rules">
      ${retentionRules(retention).map((rule) => html`<li>${rule}</li>`)}
    </ul>
    ${timeline(left.ages)}`;
}

const width = 600;
const day = 86_400_000;
const marks = [
  [7 * day, "1 week"],
  [30.44 * day, "1 month"],
  [365.25 * day, "1 year"],
  [3652.5 * day, "10 years"],
] as const;

/** What is kept, by age; near ages are drawn wider. */
function timeline(ages: readonly number[]): TemplateResult | typeof nothing {
  const oldest = ages.at(-1) ?? 0;
  if (oldest < day) return nothing;
  const x = (age: number): number =>
    width -
    8 -
    (Math.log1p(age / day) / Math.log1p(oldest / day)) * (width - 16);
  return html`<svg
    class="timeline"
    viewBox="0 0 ${width} 40"
    aria-hidden="true"
  >
    <line x1="8" x2=${width - 8} y1="12" y2="12" />
    ${ages.map((age) => svg`<circle cx=${x(age).toFixed(1)} cy="12" r="4.5" />`)}
    ${marks
      .filter(([age]) => age < oldest * 0.8)
      .map(
        ([age, label]) =>
          svg`<text x=${x(age).toFixed(1)} y="34" text-anchor="middle">${label}</text>`,
      )}
    <text x=${width - 4} y="34" text-anchor="end">now</text>
  </svg>`;
}
