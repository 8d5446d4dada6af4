import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { dialogActions } from "../elements/dialog-actions.ts";
import { problemNotice } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-dialog/rm-dialog.ts";

/** Asks before something is deleted, and says why it was not. Default slot: what goes and what stays. Fires `close`. */
@customElement("rm-delete-dialog")
export class RmDeleteDialog extends LitElement {
  static override styles = [base, form];

  @property() accessor heading = "";
  /** Of the button that deletes. */
  @property() accessor label = "Delete";
  /** Something has to happen first; the slot says what. */
  @property({ type: Boolean }) accessor blocked = false;
  @property({ attribute: false }) accessor run!: () => Promise<void>;
  readonly #saving = new Saving(this);

  override render() {
    const { working, problem } = this.#saving;
    return html`<rm-dialog
      heading=${this.heading}
      ?locked=${working}
      @close=${() => this.#close()}
    >
      <div class="fields">
        <slot></slot>
        ${problemNotice(problem)}
      </div>
      ${dialogActions({
        ...(this.blocked
          ? { cancel: "Close" }
          : { label: html`${icon("trash", 14)}${this.label}` }),
        tone: "danger",
        working,
        onCancel: () => this.#close(),
        onConfirm: () => void this.#delete(),
      })}
    </rm-dialog>`;
  }

  async #delete(): Promise<void> {
    await this.#saving.run(() => this.run());
    if (this.#saving.problem === null) this.#close();
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-delete-dialog": RmDeleteDialog;
  }
}
