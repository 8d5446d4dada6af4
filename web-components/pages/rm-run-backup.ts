import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { RunBody } from "@restic-manager/shared/api/jobs.ts";
import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { dialogActions } from "../elements/dialog-actions.ts";
import { segments } from "../elements/field.ts";
import { FormFaults } from "../elements/form-faults.ts";
import { icon } from "../elements/icon.ts";
import {
  type LimitsDraft,
  limitsDraft,
  limitsFaults,
  limitsFields,
  limitsInWords,
  limitsSpec,
} from "../elements/limits.ts";
import { busy } from "../elements/status.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import "../elements/rm-dialog/rm-dialog.ts";

/** Which source group to back up now, and how fast. Fires `close`. */
@customElement("rm-run-backup")
export class RmRunBackup extends LitElement {
  static override styles = [
    base,
    form,
    css`
      .groups {
        display: grid;
        gap: 10px;
      }
    `,
  ];

  @property({ attribute: false }) accessor host!: HostDetail;
  @property({ attribute: false }) accessor groups: readonly SourceGroup[] = [];
  @property({ type: Boolean }) accessor starting = false;
  @property({ attribute: false }) accessor run!: (
    groupId: string,
    limits: RunBody["limits"],
  ) => void;
  @state() accessor groupId = "";
  @state() accessor limited: "host" | "own" = "host";
  @state() accessor limits: LimitsDraft = { up: "", down: "" };
  readonly #faults = new FormFaults(this);

  override willUpdate(): void {
    if (!this.hasUpdated) this.limits = limitsDraft(this.host.bandwidth);
    if (!this.groups.some(({ id }) => id === this.groupId))
      this.groupId = this.groups[0]?.id ?? "";
  }

  override render() {
    const { online, name } = this.host;
    const cannot = this.starting || !online || this.groupId === "";
    return html`<rm-dialog
      heading="Back up ${name} now"
      @close=${() => this.dispatchEvent(new Event("close"))}
    >
      <form
        novalidate
        @submit=${(event: SubmitEvent) => this.#submit(event, cannot)}
      >
        ${this.#groups()}
        ${segments<"host" | "own">({
          name: "limited",
          label: "Bandwidth",
          options: { host: "As the host", own: "For this run" },
          value: this.limited,
          onChange: (limited) => {
            this.limited = limited;
          },
        })}
        ${
          this.limited === "host"
            ? html`<p class="help">
                ${name}: ${limitsInWords(this.host.bandwidth)}.
              </p>`
            : limitsFields({
                draft: this.limits,
                errors: this.#faults.errors,
                change: (change) => {
                  this.limits = { ...this.limits, ...change };
                  this.#faults.changed(Object.keys(change));
                },
              })
        }
        ${
          online
            ? nothing
            : html`<div class="notice warn" role="status">
                ${icon("unlink")}<span
                  >${name} is away; a backup can start when it is back.</span
                >
              </div>`
        }
      </form>
      ${dialogActions({
        label: html`${this.starting ? busy() : icon("play", 14)}${this.starting ? "Starting" : "Back up now"}`,
        blocked: cannot,
        onCancel: () => this.dispatchEvent(new Event("close")),
        onConfirm: () => this.renderRoot.querySelector("form")?.requestSubmit(),
      })}
    </rm-dialog>`;
  }

  #groups(): TemplateResult {
    return html`<fieldset>
      <legend>Source group</legend>
      <div class="groups">
        ${this.groups.map(
          ({ id, name, includes }) =>
            html`<div class="check">
              <input
                type="radio"
                name="group"
                id="group-${id}"
                aria-describedby="group-${id}-help"
                .checked=${live(id === this.groupId)}
                @change=${() => {
                  this.groupId = id;
                }}
              />
              <label for="group-${id}">${name}</label>
              <p class="help" id="group-${id}-help">${includes.join(", ")}</p>
            </div>`,
        )}
      </div>
    </fieldset>`;
  }

  #submit(event: SubmitEvent, cannot: boolean): void {
    event.preventDefault();
    const isOwn = this.limited === "own";
    if (cannot || (isOwn && !this.#faults.check(limitsFaults(this.limits))))
      return;
    this.run(this.groupId, isOwn ? limitsSpec(this.limits) : undefined);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-run-backup": RmRunBackup;
  }
}
