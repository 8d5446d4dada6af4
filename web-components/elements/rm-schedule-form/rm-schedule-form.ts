import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type {
  Schedule,
  SchedulePreview,
  ScheduleSpec,
} from "@restic-manager/shared/api/schedules.ts";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { CronEvent } from "../../events/cron.ts";
import { ScheduleSpecEvent } from "../../events/schedule-spec.ts";
import { cronInWords } from "../cron-words.ts";
import { EditorForm } from "../editor-form.ts";
import { checkField } from "../field.ts";
import { icon } from "../icon.ts";
import { nextFires, nextFiresStyles } from "../next-fires.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import {
  type CronDraft,
  cronDraft,
  cronFault,
  cronText,
} from "./cron-draft.ts";
import { cronPicks } from "./cron-picks.ts";
import { scheduleFormStyles } from "./rm-schedule-form.styles.ts";

/** What the server said about the times that stand in the form. */
export interface CronAnswer {
  readonly cron: string;
  readonly preview: SchedulePreview | null;
  readonly fault: string | null;
  /** Why the server said neither. */
  readonly refusal: string | null;
}

/** When a host backs up, and which groups. */
@customElement("rm-schedule-form")
export class RmScheduleForm extends EditorForm {
  static override styles = [
    EditorForm.styles,
    nextFiresStyles,
    scheduleFormStyles,
  ];

  /** Null for a new one. */
  @property({ attribute: false }) accessor schedule: Schedule | null = null;
  /** Of the host, in the order in which they are shown. */
  @property({ attribute: false }) accessor groups: readonly SourceGroup[] = [];
  @property({ attribute: false }) accessor answer: CronAnswer | null = null;
  @state() accessor cron: CronDraft = cronDraft("0 2 * * *");
  @state() accessor enabled = true;
  /** In the order in which they run. */
  @state() accessor groupIds: readonly string[] = [];
  protected override readonly noun = "schedule";
  readonly #clock = new Ticking(this);

  protected override cards(): TemplateResult {
    return html`${this.#when()}
      <div class="side">${this.#what()}</div>`;
  }

  #when(): TemplateResult {
    return html`<section class="card section fields" aria-label="When">
      <h2>When</h2>
      ${cronPicks({
        draft: this.cron,
        error: this.#fault ?? this.faults.errors["cron"],
        change: (change) => this.#changeCron(change),
      })}
      <div class="preview" role="status">${this.#preview()}</div>
    </section>`;
  }

  #preview(): TemplateResult | typeof nothing {
    if (cronFault(this.cron) !== null) return nothing;
    const told = this.#told;
    if (told === null)
      return html`<p class="wait">${busy()}Asking for the next runs</p>`;
    if (told.refusal !== null)
      return html`<p class="help">
        The next runs could not be asked for: ${told.refusal}
      </p>`;
    if (told.preview === null) return nothing;
    const { tz, next } = told.preview;
    return html`<p class="words">${cronInWords(told.cron)}</p>
      ${nextFires(tz, next, this.#clock.now)}`;
  }

  #what(): TemplateResult {
    const error = this.faults.errors["groups"];
    return html`<section class="card section fields" aria-label="What">
      <h2>What</h2>
      <fieldset>
        <legend>Source groups</legend>
        <div class="groups">
          ${this.groups.map(({ id, name, includes }) =>
            checkField({
              id: `group-${id}`,
              label: name,
              help: includes.join(", "),
              checked: this.groupIds.includes(id),
              invalid: error !== undefined,
              onChange: (on) => this.#choose(id, on),
            }),
          )}
        </div>
        ${error === undefined ? nothing : html`<p class="error" id="groups-error">${icon("warning", 13)}${error}</p>`}
      </fieldset>
      ${this.#order()}
      ${checkField({
        id: "enabled",
        label: "On",
        help: "While it is off, nothing runs by this schedule.",
        checked: this.enabled,
        onChange: (enabled) => {
          this.enabled = enabled;
        },
      })}
    </section>`;
  }

  #order(): TemplateResult | typeof nothing {
    const chosen = this.groupIds.flatMap(
      (id) => this.groups.find((group) => group.id === id) ?? [],
    );
    if (chosen.length < 2) return nothing;
    return html`<div>
      <p class="help">Each time, one backup after another in this order:</p>
      <ol class="order">
        ${chosen.map(
          ({ id, name }, index) =>
            html`<li>
              <span class="text-3 num">${index + 1}.</span>
              <span class="truncate">${name}</span>
              ${
                index === 0
                  ? nothing
                  : html`<button
                      type="button"
                      class="button square s ghost"
                      aria-label="Run ${name} earlier"
                      title="Earlier"
                      @click=${() => this.#earlier(id)}
                    >
                      ${icon("arrow-up", 14)}
                    </button>`
              }
            </li>`,
        )}
      </ol>
    </div>`;
  }

  protected override open(): void {
    const { schedule, groups } = this;
    const [only] = groups;
    if (schedule !== null) {
      this.cron = cronDraft(schedule.cron);
      this.enabled = schedule.enabled;
      this.groupIds = schedule.group_ids;
    } else if (only !== undefined && groups.length === 1)
      this.groupIds = [only.id];
    this.#ask();
  }

  protected override get typed(): ScheduleSpec {
    return {
      cron: cronText(this.cron),
      enabled: this.enabled,
      group_ids: [...this.groupIds],
    };
  }

  /** What the server said about just these times; null while it has not. */
  get #told(): CronAnswer | null {
    return this.answer?.cron === cronText(this.cron) ? this.answer : null;
  }

  /** What is wrong with the times, as far as the form or the server has said. */
  get #fault(): string | undefined {
    return cronFault(this.cron) ?? this.#told?.fault ?? undefined;
  }

  #changeCron(change: Partial<CronDraft>): void {
    this.cron = { ...this.cron, ...change };
    const fault = cronFault(this.cron);
    this.faults.changed(["cron"]);
    if (fault === null) this.#ask();
  }

  #ask(): void {
    this.dispatchEvent(new CronEvent(cronText(this.cron)));
  }

  #choose(id: string, on: boolean): void {
    const others = this.groupIds.filter((other) => other !== id);
    this.groupIds = on ? [...others, id] : others;
    this.faults.changed(["groups"]);
  }

  #earlier(id: string): void {
    const at = this.groupIds.indexOf(id);
    const order = this.groupIds.filter((other) => other !== id);
    this.groupIds = order.toSpliced(at - 1, 0, id);
  }

  protected override get found(): Record<string, string> {
    const fault = this.#fault;
    return {
      ...(fault === undefined ? {} : { cron: fault }),
      ...(this.groupIds.length === 0
        ? { groups: "Choose at least one source group." }
        : {}),
    };
  }

  protected override fieldOf(path: string): string | null {
    if (path === "cron") return "cron";
    return path.startsWith("group_ids") ? "groups" : null;
  }

  protected override send(): void {
    this.dispatchEvent(new ScheduleSpecEvent(this.typed));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-schedule-form": RmScheduleForm;
  }
}
