import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { dialogActions } from "../elements/dialog-actions.ts";
import { problemNotice } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import { busy } from "../elements/status.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { consequenceStyles } from "./consequences.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-dialog/rm-dialog.ts";
import "../elements/rm-fingerprint/rm-fingerprint.ts";

/** Replaces a host's key, and stays until the new fingerprint is there. Fires `close`. */
@customElement("rm-rotate-key")
export class RmRotateKey extends LitElement {
  static override styles = [base, form, consequenceStyles];

  @property() accessor name = "";
  /** The fingerprint that the host has at the moment. */
  @property() accessor fingerprint = "";
  @property({ attribute: false }) accessor rotate!: () => Promise<void>;
  readonly #saving = new Saving(this);

  override render() {
    const { working } = this.#saving;
    const isDone = this.#saving.saves > 0;
    return html`<rm-dialog
      class="key-dialog"
      heading=${isDone ? `${this.name} has a new key` : `Replace the key of ${this.name}`}
      ?locked=${working}
      @close=${() => this.dispatchEvent(new Event("close"))}
    >
      <div class="fields">${isDone ? this.#done() : this.#ask()}</div>
      ${
        isDone
          ? html`<div slot="actions">
              <button class="button primary" @click=${() => this.#close()}>
                Done
              </button>
            </div>`
          : dialogActions({
              label: html`${working ? busy() : icon("key", 14)}${working ? "Waiting for the new key" : "Replace key"}`,
              working,
              onCancel: () => this.#close(),
              onConfirm: () => void this.#saving.run(() => this.rotate()),
            })
      }
    </rm-dialog>`;
  }

  #ask(): TemplateResult {
    return html`<p>
        The agent on <strong>${this.name}</strong> makes a new key and tells
        this server over the connection that the old one holds. From then on the
        old key opens nothing. Running backups go on.
      </p>
      <p>
        Do this when somebody may have read the host’s disk, or a copy of it.
        Whoever holds the old key at that moment is shut out, unless they run
        the agent that answers: compare the new fingerprint with the host’s own
        afterwards.
      </p>
      <p class="present">Now: <span class="mono">${this.fingerprint}</span></p>
      <div role="status">
        ${
          this.#saving.working
            ? html`<p class="outcome">
                ${busy()}The agent makes its new key. This can take half a
                minute.
              </p>`
            : nothing
        }
      </div>
      ${problemNotice(this.#saving.problem)}`;
  }

  #done(): TemplateResult {
    return html`<div role="status" class="notice ok">
        ${icon("circle-check")}<span
          >The old key opens nothing any more. On the host,
          <code>restic-manager-agent status</code> shows the new
          fingerprint.</span
        >
      </div>
      <rm-fingerprint
        .value=${this.fingerprint}
        .hostname=${this.name}
      ></rm-fingerprint>`;
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-rotate-key": RmRotateKey;
  }
}
