import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { DeleteEvent } from "../../events/delete.ts";
import { ScheduleEvent } from "../../events/schedule.ts";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { cronInWords } from "../cron-words.ts";
import { icon } from "../icon.ts";
import { missedFires, missedFiresStyles } from "../missed-fires.ts";
import { nextFires, nextFiresStyles } from "../next-fires.ts";
import { plainText } from "../plain-text.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { scheduleListStyles } from "./rm-schedule-list.styles.ts";

/** When a host backs up by itself, in the host's own time. */
@customElement("rm-schedule-list")
export class RmScheduleList extends LitElement {
  static override styles = [
    base,
    parts,
    nextFiresStyles,
    missedFiresStyles,
    scheduleListStyles,
  ];

  @property({ attribute: false }) accessor schedules: readonly Schedule[] = [];
  @property({ attribute: false }) accessor groups: readonly SourceGroup[] = [];
  /** Address of the host's page. */
  @property() accessor host = "";
  @property({ type: Boolean }) accessor online = false;
  /** Whether this user may change them. */
  @property({ type: Boolean }) accessor edits = false;
  readonly #clock = new Ticking(this);

  override render() {
    return html`${this.schedules.map((schedule) => this.#schedule(schedule))}`;
  }

  #schedule(schedule: Schedule): TemplateResult {
    const { id, cron, tz } = schedule;
    const words = cronInWords(cron);
    const names = schedule.group_ids.flatMap((of) => this.#name(of) ?? []);
    return html`<section class="card section" aria-label=${words}>
      <div class="section-head">
        <div>
          <h2>${words}</h2>
          <p class="small text-2">
            <span class="mono">${cron}</span> ·
            ${plainText(tz)}${
              names.length === 0
                ? nothing
                : html` · backs up ${names.join(", then ")}`
            }
          </p>
        </div>
        <span class="spring"></span>
        <div class="acts">
          ${this.#actions(id, words)}${this.#switch(schedule)}
        </div>
      </div>
      ${this.#state(schedule)} ${missedFires(schedule, (of) => this.#name(of))}
    </section>`;
  }

  #name(groupId: string): string | undefined {
    return this.groups.find(({ id }) => id === groupId)?.name;
  }

  #actions(id: string, words: string): TemplateResult | typeof nothing {
    if (!this.edits) return nothing;
    return html`<a
        class="button s"
        href="${this.host}/schedules/${id}"
        aria-label="Edit ${words}"
        >Edit</a
      ><button
        class="button s danger"
        aria-label="Delete ${words}"
        @click=${() => this.dispatchEvent(new DeleteEvent(id))}
      >
        Delete
      </button>`;
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

  get #isAnyOn(): boolean {
    return this.schedules.some(({ enabled }) => enabled);
  }

  #state({ applied, enabled, problem, tz, next }: Schedule): TemplateResult {
    if (problem !== null && enabled)
      return html`<div class="notice bad">
        ${icon("warning")}<span
          >The agent cannot run it: ${plainText(problem)}</span
        >
      </div>`;
    if (!applied) {
      return html`<p class="wait">
        ${busy()}${this.online ? "The agent has not taken over the newest settings yet." : "The host takes over the newest settings when it is back; until then it runs by those it has."}
      </p>`;
    }
    if (!enabled)
      return html`<p class="wait">
        ${this.#isAnyOn ? "Off: it starts no backups." : "Off: this host backs up only when somebody starts it."}
      </p>`;
    return next.length === 0
      ? html`<p class="wait">It has no next run.</p>`
      : nextFires(tz, next, this.#clock.now);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-schedule-list": RmScheduleList;
  }
}
