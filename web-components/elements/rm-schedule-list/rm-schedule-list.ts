import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { ScheduleEvent } from "../../events/schedule.ts";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { cronInWords } from "../cron-words.ts";
import { relativeTime, timeIn } from "../format.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { scheduleListStyles } from "./rm-schedule-list.styles.ts";

/** When a host backs up by itself, in the host's own time. */
@customElement("rm-schedule-list")
export class RmScheduleList extends LitElement {
  static override styles = [base, parts, scheduleListStyles];

  @property({ attribute: false }) accessor schedules: readonly Schedule[] = [];
  @property({ attribute: false }) accessor groups: readonly SourceGroup[] = [];
  /** Whether this user may switch them. */
  @property({ type: Boolean }) accessor edits = false;
  readonly #clock = new Ticking(this);

  override render() {
    return html`${this.schedules.map((schedule) => this.#schedule(schedule))}`;
  }

  #schedule(schedule: Schedule): TemplateResult {
    const names = this.groups
      .filter((group) => schedule.group_ids.includes(group.id))
      .map((group) => group.name);
    return html`<section
      class="card section"
      aria-label=${cronInWords(schedule.cron)}
    >
      <div class="section-head">
        <div>
          <h2>${cronInWords(schedule.cron)}</h2>
          <p class="small text-2">
            <span class="mono">${schedule.cron}</span> ·
            ${schedule.tz}${
              names.length === 0
                ? nothing
                : html` · backs up ${names.join(", ")}`
            }
          </p>
        </div>
        <span class="spring"></span>
        ${this.#switch(schedule)}
      </div>
      ${this.#nextFires(schedule)}
    </section>`;
  }

  #switch(schedule: Schedule): TemplateResult {
    return html`<label class="switch">
      <span>${schedule.enabled ? "On" : "Off"}</span>
      <input
        type="checkbox"
        role="switch"
        aria-label="Schedule ${cronInWords(schedule.cron)}"
        .checked=${live(schedule.enabled)}
        ?disabled=${!this.edits}
        @change=${(event: Event) =>
          this.dispatchEvent(
            new ScheduleEvent(
              schedule.id,
              (event.target as HTMLInputElement).checked,
            ),
          )}
      />
    </label>`;
  }

  #nextFires(schedule: Schedule): TemplateResult {
    if (!schedule.applied) {
      return html`<p class="wait">
        ${busy()}The agent has not taken over the newest settings yet.
      </p>`;
    }
    if (!schedule.enabled)
      return html`<p class="wait">
        Off: this host backs up only when somebody starts it.
      </p>`;
    const now = this.#clock.now;
    return html`<h3>Next runs, host time (${schedule.tz})</h3>
      <ol class="fires num">
        ${schedule.next.map((text) => {
          const at = Date.parse(text);
          return html`<li>
            <span>${timeIn(schedule.tz, at, "day")}</span
            ><span>${timeIn(schedule.tz, at, "time")}</span>
            <span class="text-2">${relativeTime(at, now)}</span>
          </li>`;
        })}
      </ol>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-schedule-list": RmScheduleList;
  }
}
