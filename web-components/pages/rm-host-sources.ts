import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { cronInWords } from "../elements/cron-words.ts";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { hostListStyles } from "./host-list.styles.ts";
import { type HostParts, takenOver } from "./host-tab.ts";
import "../elements/rm-source/rm-source.ts";
import "./rm-delete-dialog.ts";

/** The source groups of a host: what it backs up. */
@customElement("rm-host-sources")
export class RmHostSources extends LitElement {
  static override styles = [base, parts, hostListStyles];

  @property({ attribute: false }) accessor of!: HostParts;
  @state() accessor deleted: SourceGroup | null = null;

  override render() {
    const { groups, host } = this.of;
    return html`<div class="list-head">
        <p class="text-2">
          ${plural(groups.length, "source group")}: what ${host.name} backs up,
          and how long that is kept.
        </p>
        ${
          this.#edits
            ? html`<a class="button" href="/hosts/${host.id}/sources/new"
                >${icon("plus", 14)}Add source group</a
              >`
            : nothing
        }
      </div>
      ${groups.length === 0 ? this.#none() : this.#groups()}${this.#dialog()}`;
  }

  #groups(): TemplateResult {
    const { groups, host, schedules, repositories, data } = this.of;
    return html`${repeat(
      groups,
      ({ id }) => id,
      (group) =>
        html`<rm-source
          .group=${group}
          .schedules=${schedules}
          .repositories=${repositories}
          host="/hosts/${host.id}"
          .edits=${this.#edits}
          .seesHooks=${data.session.can("hooks.edit")}
          @remove=${() => {
            this.deleted = group;
          }}
        ></rm-source>`,
    )}`;
  }

  #none(): TemplateResult {
    return html`<div class="card nothing">
      <h2>Nothing is backed up</h2>
      <p>
        This host has no source group. Add one, and a schedule that runs it.
      </p>
    </div>`;
  }

  #dialog(): TemplateResult | typeof nothing {
    const group = this.deleted;
    if (group === null) return nothing;
    const { schedules, host } = this.of;
    const running = schedules.filter(({ group_ids }) =>
      group_ids.includes(group.id),
    );
    return html`<rm-delete-dialog
      heading="Delete ${group.name}"
      label="Delete source group"
      ?blocked=${running.length > 0}
      .run=${() => this.#delete(group)}
      @close=${() => {
        this.deleted = null;
      }}
    >
      ${
        running.length === 0
          ? html`<p>
              ${host.name} backs this up no more. Snapshots made so far stay in
              their repository, and no policy removes them any more.
            </p>`
          : html`<p>
                ${plural(running.length, "schedule")}
                ${running.length === 1 ? "runs" : "run"} it. Take it out of
                ${running.length === 1 ? "it" : "them"}, or delete
                ${running.length === 1 ? "the schedule" : "them"}, first:
              </p>
              <ul class="used-by">
                ${running.map(
                  ({ id, cron }) =>
                    html`<li>
                      <a class="link" href="/hosts/${host.id}/schedules/${id}"
                        >${cronInWords(cron)}</a
                      >
                    </li>`,
                )}
              </ul>`
      }
    </rm-delete-dialog>`;
  }

  async #delete(group: SourceGroup): Promise<void> {
    const { data, reload, host } = this.of;
    try {
      await data.sources.remove(group.id);
    } finally {
      // Refused where somebody has just put it into a schedule: the dialog then shows which.
      await reload();
    }
    toast(takenOver(`${group.name} is deleted`, host));
  }

  get #edits(): boolean {
    return this.of.data.session.can("sources.edit");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-sources": RmHostSources;
  }
}
