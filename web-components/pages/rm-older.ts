import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { toastRefusal } from "./problem.ts";

/** The foot of a list that has a further page. */
@customElement("rm-older")
export class RmOlder extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      :host {
        display: flex;
        justify-content: center;
        padding-top: 12px;
      }
    `,
  ];

  /** What there is more of: “jobs”. */
  @property() accessor what = "";
  @property({ attribute: false }) accessor load!: () => Promise<void>;
  @state() accessor loading = false;

  override render() {
    return html`<button
      class="button"
      ?disabled=${this.loading}
      @click=${() => void this.#more()}
    >
      Show older ${this.what}
    </button>`;
  }

  async #more(): Promise<void> {
    this.loading = true;
    try {
      await this.load();
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.loading = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-older": RmOlder;
  }
}
