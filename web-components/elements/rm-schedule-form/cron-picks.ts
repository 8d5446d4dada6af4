import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { segments, selectField, textField } from "../field.ts";
import { icon } from "../icon.ts";
import {
  type CronDraft,
  type CronKind,
  cronText,
  hourSteps,
} from "./cron-draft.ts";

export interface CronParts {
  readonly draft: CronDraft;
  readonly error: string | undefined;
  readonly change: (change: Partial<CronDraft>) => void;
}

const kinds: Readonly<Record<CronKind, string>> = {
  hourly: "Hourly",
  daily: "Daily",
  weekly: "Weekly",
  monthly: "Monthly",
  custom: "Custom",
};

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const fromMonday = [1, 2, 3, 4, 5, 6, 0] as const;

/** The quick picks, and a cron text for everything else. */
export function cronPicks(parts: CronParts): TemplateResult {
  const { draft, change } = parts;
  return html`${segments<CronKind>({
    name: "kind",
    label: "How often",
    options: kinds,
    value: draft.kind,
    onChange: (kind) =>
      change(
        // Begins with what was chosen before.
        kind === "custom" && draft.kind !== "custom"
          ? { kind, text: cronText(draft) }
          : { kind },
      ),
  })}${fields(parts)}`;
}

function fields(parts: CronParts): TemplateResult {
  const { draft, change, error } = parts;
  switch (draft.kind) {
    case "hourly":
      return html`<div class="pair">
        ${selectField({
          id: "every",
          label: "Every",
          value: String(draft.every),
          options: Object.fromEntries(
            hourSteps.map((hours) => [
              hours,
              hours === 1 ? "hour" : `${hours} hours, from midnight`,
            ]),
          ),
          onInput: (every) => change({ every: Number(every) }),
        })}${textField({
          id: "minute",
          label: "At minute",
          type: "number",
          value: draft.minute,
          error,
          onInput: (minute) => change({ minute }),
        })}
      </div>`;
    case "daily":
      return html`<div class="pair">${timeField(parts, error)}</div>`;
    case "weekly":
      return html`${weekdayBoxes(parts)}
        <div class="pair">${timeField(parts, undefined)}</div>`;
    case "monthly":
      return html`<div class="pair">
        ${textField({
          id: "day",
          label: "Day of the month",
          type: "number",
          value: draft.day,
          help:
            Number(draft.day) > 28
              ? "Months that are shorter are left out."
              : undefined,
          error,
          onInput: (day) => change({ day }),
        })}${timeField(parts, undefined)}
      </div>`;
    case "custom":
      return textField({
        id: "cron",
        label: "Cron text",
        value: draft.text,
        code: true,
        placeholder: "30 2 * * *",
        help: "Five fields: minute, hour, day of the month, month, day of the week.",
        error,
        onInput: (text) => change({ text }),
      });
  }
}

function timeField(
  { draft, change }: CronParts,
  error: string | undefined,
): TemplateResult {
  return textField({
    id: "time",
    label: "At",
    type: "time",
    value: draft.time,
    error,
    onInput: (time) => change({ time }),
  });
}

function weekdayBoxes({ draft, change, error }: CronParts): TemplateResult {
  return html`<fieldset
    aria-describedby=${error === undefined ? nothing : "weekdays-error"}
  >
    <legend>On</legend>
    <div class="weekdays">
      ${fromMonday.map(
        (day) =>
          html`<label
            ><input
              type="checkbox"
              aria-invalid=${error === undefined ? nothing : "true"}
              .checked=${live(draft.weekdays.has(day))}
              @change=${() => change({ weekdays: toggled(draft.weekdays, day) })}
            />${weekdays[day]}</label
          >`,
      )}
    </div>
    ${error === undefined ? nothing : html`<p class="error" id="weekdays-error">${icon("warning", 13)}${error}</p>`}
  </fieldset>`;
}

function toggled(days: ReadonlySet<number>, day: number): ReadonlySet<number> {
  const next = new Set(days);
  if (!next.delete(day)) next.add(day);
  return next;
}
