import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { missedFires, missedFiresStyles } from "../elements/missed-fires.ts";
import type { CronEvent } from "../events/cron.ts";
import type { ScheduleSpecEvent } from "../events/schedule-spec.ts";
import { CronPreview } from "./cron-preview.ts";
import type { Edited } from "./editor-data.ts";
import { EditorPage, type FormState } from "./editor-page.ts";
import "../elements/rm-schedule-form/rm-schedule-form.ts";

/** `/hosts/:id/schedules/:schedule`, and `new` for a new one: when a host backs up what. */
@customElement("rm-page-schedule")
export class RmPageSchedule extends EditorPage<Schedule> {
  static override styles = [EditorPage.styles, missedFiresStyles];

  protected override readonly words = {
    noun: "schedule",
    tab: ["schedules", "Schedules"],
    permission: "schedules.edit",
  } as const;
  readonly #preview = new CronPreview(this);

  protected override find({ schedules }: Edited): Schedule | undefined {
    return schedules.find(({ id }) => id === this.editedId);
  }

  protected override lack({ groups }: Edited): string {
    return groups.length === 0
      ? "This host has no source group yet: add what it backs up first."
      : "";
  }

  protected override form(
    schedule: Schedule | null,
    edited: Edited,
    { working, problem, back, newer }: FormState,
  ): TemplateResult {
    const { groups } = edited;
    const missed = this.find(edited);
    return html`<rm-schedule-form
        .schedule=${schedule}
        .groups=${groups}
        .answer=${this.#preview.answer}
        .working=${working}
        .problem=${problem}
        back=${back}
        @rm-cron=${({ cron }: CronEvent) =>
          void this.#preview.ask(this.data.schedules, this.hostId, cron)}
        @rm-schedule-spec=${(event: ScheduleSpecEvent) => void this.#save(event, edited)}
        >${newer}</rm-schedule-form
      >
      ${
        missed === undefined
          ? nothing
          : missedFires(
              missed,
              (id) => groups.find((group) => group.id === id)?.name,
            )
      }`;
  }

  #save({ spec }: ScheduleSpecEvent, { host }: Edited): Promise<void> {
    const { schedules } = this.data;
    return this.save("Schedule saved", host, (revision) =>
      this.editedId === ""
        ? schedules.create(this.hostId, spec)
        : schedules.patch(this.editedId, { ...spec, revision }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-schedule": RmPageSchedule;
  }
}
