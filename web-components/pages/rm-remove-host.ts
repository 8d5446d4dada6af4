import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { dialogActions } from "../elements/dialog-actions.ts";
import { checkField, problemNotice, textField } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { consequenceStyles } from "./consequences.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-dialog/rm-dialog.ts";

/** Asks for a host's name before the host is removed, and says what goes and what stays. Fires `close`. */
@customElement("rm-remove-host")
export class RmRemoveHost extends LitElement {
  static override styles = [base, form, consequenceStyles];

  @property() accessor name = "";
  @property({ attribute: false }) accessor removeHost!: (
    typed: string,
    leaveKeys: boolean,
  ) => Promise<void>;
  @state() accessor typed = "";
  @state() accessor leaveKeys = false;
  readonly #saving = new Saving(this);

  override render() {
    const { working, problem } = this.#saving;
    const keysLeft = problem?.code === "temporary_keys_left";
    const blocked =
      this.typed.trim() !== this.name || (keysLeft && !this.leaveKeys);
    return html`<rm-dialog
      heading="Remove ${this.name}"
      ?locked=${working}
      @close=${() => this.dispatchEvent(new Event("close"))}
    >
      <form
        id="remove"
        novalidate
        @submit=${(event: SubmitEvent) => this.#submit(event, blocked)}
      >
        <p>
          The agent on <strong>${this.name}</strong> is cut off at once and
          stops. Running backups end. To come back, the host has to be accepted
          again.
        </p>
        <div class="consequences">
          <section>
            <h3>Goes</h3>
            <ul>
              <li>schedules, sources and settings</li>
              <li>the list of its jobs and their logs</li>
              <li>
                repositories that no other host uses, with the passwords that
                this server keeps for them
              </li>
            </ul>
          </section>
          <section>
            <h3>Stays</h3>
            <ul>
              <li>the repositories themselves, with every snapshot</li>
              <li>what is on the host</li>
              <li>the record of who changed what</li>
            </ul>
          </section>
        </div>
        <div class="notice warn">
          ${icon("key")}<span
            >Nobody reads a repository without its password. Make sure that it
            is kept outside this server before you remove the host.</span
          >
        </div>
        ${textField({
          id: "name",
          label: `Type ${this.name} to remove it`,
          value: this.typed,
          code: true,
          error: problem?.fields["name"],
          onInput: (typed) => {
            this.typed = typed;
          },
        })}
        ${problemNotice(problem)}
        ${
          keysLeft || this.leaveKeys
            ? checkField({
                id: "leave-keys",
                label: "Leave these keys in their repositories",
                checked: this.leaveKeys,
                onChange: (checked) => {
                  this.leaveKeys = checked;
                },
              })
            : nothing
        }
      </form>
      ${dialogActions({
        label: html`${icon("trash", 14)}${working ? "Removing" : "Remove host"}`,
        tone: "danger",
        working,
        blocked,
        onCancel: () => this.dispatchEvent(new Event("close")),
        onConfirm: () => this.renderRoot.querySelector("form")?.requestSubmit(),
      })}
    </rm-dialog>`;
  }

  #submit(event: SubmitEvent, blocked: boolean): void {
    event.preventDefault();
    if (blocked) return;
    void this.#saving.run(() =>
      this.removeHost(this.typed.trim(), this.leaveKeys),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-remove-host": RmRemoveHost;
  }
}
