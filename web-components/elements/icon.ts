import { html, type TemplateResult } from "lit";
import { type IconName, iconShapes } from "./icon-shapes.ts";

/** A decorative icon; the words beside it or the control's label carry the meaning. */
export function icon(name: IconName, size = 16): TemplateResult {
  return html`<svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    aria-hidden="true"
  >
    ${iconShapes[name]}
  </svg>`;
}
