import { html, type TemplateResult } from "lit";

/** Why there is nothing to edit, and the way back. */
export function nothingHere(text: string, back: string): TemplateResult {
  return html`<div class="card nothing">
    <p>${text}</p>
    <a class="button" href=${back}>Back</a>
  </div>`;
}
