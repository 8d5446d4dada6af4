import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { cronInWords } from "../elements/cron-words.ts";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import type { DeleteEvent } from "../events/delete.ts";
import type { ScheduleEvent } from "../events/schedule.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { hostListStyles } from "./host-list.styles.ts";
import { type HostParts, takenOver } from "./host-tab.ts";
import { toastRefusal } from "./problem.ts";
import "../elements/rm-schedule-list/rm-schedule-list.ts";
import "./rm-delete-dialog.ts";

/** The schedules of a host: when it backs up by itself. */
@customElement("rm-host-schedules")
export class RmHostSchedules extends LitElement {
  static override styles = [base, parts, hostListStyles];

  @property({ attribute: false }) accessor of!: HostParts;
  @state() accessor deletedId: string | null = null;

  override render() {
    const { schedules, groups, host } = this.of;
    return html`<div class="list-head">
        <p class="text-2">
          ${plural(schedules.length, "schedule")}, in the time zone of
          ${host.name}.
        </p>
        ${
          this.#edits && groups.length > 0
            ? html`<a class="button" href="/hosts/${host.id}/schedules/new"
                >${icon("plus", 14)}Add schedule</a
              >`
            : nothing
        }
      </div>
      ${
        schedules.length === 0
          ? html`<div class="card nothing">
              <h2>No schedule</h2>
              <p>This host backs up only when somebody starts it.</p>
            </div>`
          : html`<rm-schedule-list
              .schedules=${schedules}
              .groups=${groups}
              host="/hosts/${host.id}"
              .online=${host.online}
              .edits=${this.#edits}
              @rm-schedule=${(event: ScheduleEvent) => this.#switch(event)}
              @rm-delete=${({ id }: DeleteEvent) => {
                this.deletedId = id;
              }}
            ></rm-schedule-list>`
      }
      ${this.#dialog()}`;
  }

  #dialog(): TemplateResult | typeof nothing {
    const schedule = this.of.schedules.find(({ id }) => id === this.deletedId);
    if (schedule === undefined) return nothing;
    return html`<rm-delete-dialog
      heading="Delete ${cronInWords(schedule.cron)}"
      label="Delete schedule"
      .run=${() => this.#delete(schedule)}
      @close=${() => {
        this.deletedId = null;
      }}
    >
      <p>
        Its source groups are no longer backed up at these times. Running
        backups go on; snapshots stay.
      </p>
    </rm-delete-dialog>`;
  }

  async #switch({ scheduleId, enabled }: ScheduleEvent): Promise<void> {
    const { data, reload } = this.of;
    try {
      await data.schedules.patch(scheduleId, { enabled });
    } catch (error) {
      toastRefusal(error);
    }
    await reload();
  }

  async #delete({ id, cron }: Schedule): Promise<void> {
    const { data, reload, host } = this.of;
    await data.schedules.remove(id);
    await reload();
    toast(takenOver(`${cronInWords(cron)} is deleted`, host));
  }

  get #edits(): boolean {
    return this.of.data.session.can("schedules.edit");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-schedules": RmHostSchedules;
  }
}
