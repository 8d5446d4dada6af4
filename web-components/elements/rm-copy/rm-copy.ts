import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { icon } from "../icon.ts";

/** Copies `value`. Also over plain HTTP, where browsers offer no clipboard interface. */
@customElement("rm-copy")
export class RmCopy extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
      }
    `,
  ];

  @property() accessor value = "";
  /** What is copied, for people who cannot see what stands beside the button. */
  @property() accessor label = "Copy";
  @property({ type: Boolean }) accessor compact = false;
  @state() accessor copied = false;

  override render() {
    return html`<button
        class="button s ${this.compact ? "square ghost" : ""}"
        aria-label=${this.label}
        title=${this.compact ? this.label : nothing}
        @click=${() => this.#copy()}
      >
        ${icon(this.copied ? "check" : "copy", 14)}${this.compact ? nothing : this.copied ? "Copied" : "Copy"}
      </button>
      <span class="visually-hidden" role="status"
        >${this.copied ? "Copied" : nothing}</span
      >`;
  }

  async #copy(): Promise<void> {
    if (isSecureContext) await navigator.clipboard.writeText(this.value);
    else this.#copyBySelection();
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, 1600);
  }

  /** The field lives in this element, because a modal dialog makes everything outside it inert. */
  #copyBySelection(): void {
    const field = document.createElement("textarea");
    field.className = "visually-hidden";
    field.value = this.value;
    this.renderRoot.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-copy": RmCopy;
  }
}
