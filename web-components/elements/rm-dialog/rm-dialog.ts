import { html, LitElement } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { icon } from "../icon.ts";
import { dialogStyles } from "./rm-dialog.styles.ts";

/**
 * A modal dialog over the platform's `<dialog>`, open as long as it is in the page. Fires `close` when a person
 * dismisses it; the owner then removes it. Slots: default, `actions`.
 */
@customElement("rm-dialog")
export class RmDialog extends LitElement {
  static override styles = [base, dialogStyles];

  @property() accessor heading = "";
  /** While something is under way that must not be left by accident. */
  @property({ type: Boolean }) accessor locked = false;
  @query("dialog") accessor dialog!: HTMLDialogElement;

  override render() {
    return html`<dialog
      aria-labelledby="heading"
      @cancel=${(event: Event) => {
        if (this.locked) event.preventDefault();
      }}
      @close=${() => this.dispatchEvent(new Event("close"))}
    >
      <header>
        <h2 id="heading" tabindex="-1" autofocus>${this.heading}</h2>
        <button
          class="button square s ghost"
          aria-label="Close"
          ?disabled=${this.locked}
          @click=${() => this.dialog.close()}
        >
          ${icon("x", 16)}
        </button>
      </header>
      <div class="body"><slot></slot></div>
      <footer><slot name="actions"></slot></footer>
    </dialog>`;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.get("heading") === undefined) return;
    // Another step of the same dialog: it is read from its beginning.
    this.renderRoot.querySelector(".body")?.scrollTo(0, 0);
    this.renderRoot.querySelector("h2")?.focus();
  }

  override firstUpdated(): void {
    this.dialog.showModal();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-dialog": RmDialog;
  }
}
