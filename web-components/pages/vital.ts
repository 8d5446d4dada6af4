import { html, type TemplateResult } from "lit";

/** One thing to know, of those at the head of a page. */
export function vital(
  label: string,
  value: string | TemplateResult,
  note: string,
): TemplateResult {
  return html`<div>
    <dt>${label}</dt>
    <dd>${value}<small title=${note}>${note}</small></dd>
  </div>`;
}
