import { html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { placeholderStyles } from "./placeholders.styles.ts";

@customElement("rm-page-not-found")
export class RmPageNotFound extends LitElement {
  static override styles = [base, page, placeholderStyles];

  override render() {
    return html`<div class="card failed">
      <h1 tabindex="-1">There is nothing at this address</h1>
      <p class="text-2">What was here may have been removed.</p>
      <a class="button" href="/">Go to the fleet</a>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-not-found": RmPageNotFound;
  }
}
