import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { DayEvent } from "../../events/day.ts";
import { base } from "../../styles/base.ts";
import { addDays, addMonths, noonOf, weeksOf } from "../calendar-days.ts";
import { plural } from "../format.ts";
import { icon } from "../icon.ts";
import { calendarStyles } from "./rm-calendar.styles.ts";

const monthName = new Intl.DateTimeFormat("en-GB", {
  month: "long",
  year: "numeric",
});
const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "full" });
const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/**
 * A month of days, those with snapshots to choose from. Arrow keys move by day and week, Home and End within the week,
 * Page Up and Down by month; Enter and Space choose. Fires `rm-day`.
 */
@customElement("rm-calendar")
export class RmCalendar extends LitElement {
  static override styles = [base, calendarStyles];

  @property() accessor label = "";
  /** Snapshots on each day, `2026-11-22`. */
  @property({ attribute: false }) accessor days: ReadonlyMap<string, number> =
    new Map();
  /** Day that is chosen; the month on show follows it. */
  @property() accessor chosen = "";
  /** Day that the keys move. */
  @state() accessor at = "";
  #focusAfter = false;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("chosen") && this.chosen !== "") this.at = this.chosen;
    if (this.at === "")
      this.at = [...this.days.keys()].toSorted().at(-1) ?? "2000-01-01";
  }

  override render() {
    const month = this.at.slice(0, 7);
    return html`<div class="month">
        ${this.#turn(-1, "Month before")}
        <p id="month" aria-live="polite">
          ${monthName.format(noonOf(this.at))}
        </p>
        ${this.#turn(1, "Month after")}
      </div>
      <div
        class="grid"
        role="grid"
        aria-label=${this.label}
        aria-describedby="month"
        @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      >
        <div class="week" role="row">
          ${weekdays.map((name) => html`<div class="weekday" role="columnheader">${name}</div>`)}
        </div>
        ${weeksOf(month).map(
          (week) =>
            html`<div class="week" role="row">
              ${week.map((day) => this.#day(day, month))}
            </div>`,
        )}
      </div>`;
  }

  #day(day: string, month: string): TemplateResult {
    if (!day.startsWith(month))
      return html`<div class="day outside" role="gridcell"></div>`;
    const number = this.days.get(day) ?? 0;
    const dots =
      number === 0
        ? ""
        : number === 1
          ? "has"
          : number === 2
            ? "has two"
            : "has more";
    return html`<div
      class="day num ${dots}"
      role="gridcell"
      tabindex=${day === this.at ? 0 : -1}
      aria-label="${dayName.format(noonOf(day))}, ${number === 0 ? "no snapshot" : plural(number, "snapshot")}"
      aria-selected=${day === this.chosen ? "true" : "false"}
      aria-disabled=${number === 0 ? "true" : nothing}
      @click=${() => this.#choose(day)}
    >
      ${Number(day.slice(8))}<i></i>
    </div>`;
  }

  #turn(months: number, label: string): TemplateResult {
    return html`<button
      class="button square s ghost ${months < 0 ? "back" : ""}"
      type="button"
      aria-label=${label}
      @click=${() => {
        this.at = addMonths(this.at, months);
      }}
    >
      ${icon("chevron-right", 15)}
    </button>`;
  }

  override updated(): void {
    if (!this.#focusAfter) return;
    this.#focusAfter = false;
    this.renderRoot.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }

  #choose(day: string): void {
    this.at = day;
    if (this.days.has(day)) this.dispatchEvent(new DayEvent(day));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === " ") this.#choose(this.at);
    else {
      const to = moved(this.at, event.key);
      if (to === null) return;
      this.at = to;
      this.#focusAfter = true;
    }
    event.preventDefault();
  }
}

function moved(day: string, key: string): string | null {
  const weekday = (noonOf(day).getDay() + 6) % 7;
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return addDays(day, -7);
    case "ArrowDown":
      return addDays(day, 7);
    case "Home":
      return addDays(day, -weekday);
    case "End":
      return addDays(day, 6 - weekday);
    case "PageUp":
      return addMonths(day, -1);
    case "PageDown":
      return addMonths(day, 1);
    default:
      return null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-calendar": RmCalendar;
  }
}
