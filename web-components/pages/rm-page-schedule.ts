import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import { missedFires, missedFiresStyles } from "../elements/missed-fires.ts";
import type { CronEvent } from "../events/cron.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { ScheduleSpecEvent } from "../events/schedule-spec.ts";
import { ToastEvent } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { CronPreview } from "./cron-preview.ts";
import { EditorData, type Edited } from "./editor-data.ts";
import { editorPageStyles } from "./editor-page.styles.ts";
import { takenOver } from "./host-tab.ts";
import { nothingHere } from "./nothing-here.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-schedule-form/rm-schedule-form.ts";

/** `/hosts/:id/schedules/:schedule`, and `new` for a new one: when a host backs up what. */
@customElement("rm-page-schedule")
export class RmPageSchedule extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    placeholderStyles,
    missedFiresStyles,
    editorPageStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor hostId = "";
  /** Empty for a new one. */
  @property() accessor scheduleId = "";
  readonly #of = new EditorData(this);
  readonly #preview = new CronPreview(this);
  readonly #saving = new Saving(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data") || changed.has("hostId"))
      this.#of.open(this.data, this.hostId);
  }

  override render() {
    const edited = this.#of.value;
    if (edited instanceof ApiError)
      return loadFailed("Schedule", edited, () =>
        this.#of.open(this.data, this.hostId),
      );
    const name = edited?.host.name ?? "Host";
    return html`${breadcrumb(
        [
          ["/", "Fleet"],
          [`/hosts/${this.hostId}`, name],
          [this.#back, "Schedules"],
        ],
        this.scheduleId === "" ? "New" : "Edit",
      )}
      <div class="header">
        <h1 tabindex="-1">
          ${this.scheduleId === "" ? "New schedule" : "Edit schedule"}
        </h1>
      </div>
      ${edited === null ? rowsSkeleton(6) : keyed(this.scheduleId, this.#body(edited))}`;
  }

  #body(edited: Edited): TemplateResult {
    const { groups, schedules } = edited;
    const schedule = schedules.find(({ id }) => id === this.scheduleId) ?? null;
    if (!this.data.session.can("schedules.edit"))
      return nothingHere("Your role may not change schedules.", this.#back);
    if (schedule === null && this.scheduleId !== "")
      return nothingHere("This schedule is not here any more.", this.#back);
    if (groups.length === 0)
      return nothingHere(
        "This host has no source group yet: add what it backs up first.",
        this.#back,
      );
    return html`<rm-schedule-form
        .schedule=${schedule}
        .groups=${groups}
        .answer=${this.#preview.answer}
        .working=${this.#saving.working}
        .problem=${this.#saving.problem}
        back=${this.#back}
        @rm-cron=${({ cron }: CronEvent) =>
          void this.#preview.ask(this.data.schedules, this.hostId, cron)}
        @rm-schedule-spec=${(event: ScheduleSpecEvent) => void this.#save(event, edited)}
      ></rm-schedule-form>
      ${
        schedule === null
          ? nothing
          : missedFires(
              schedule,
              (id) => groups.find((group) => group.id === id)?.name,
            )
      }`;
  }

  async #save({ spec }: ScheduleSpecEvent, { host }: Edited): Promise<void> {
    const { schedules } = this.data;
    await this.#saving.run(() =>
      this.scheduleId === ""
        ? schedules.create(this.hostId, spec)
        : schedules.patch(this.scheduleId, spec),
    );
    if (this.#saving.problem !== null) return;
    this.dispatchEvent(new ToastEvent(takenOver("Schedule saved", host)));
    this.dispatchEvent(new NavigateEvent(this.#back));
  }

  get #back(): string {
    return `/hosts/${this.hostId}?tab=schedules`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-schedule": RmPageSchedule;
  }
}
