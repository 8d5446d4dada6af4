import { html, type TemplateResult } from "lit";
import { icon } from "../elements/icon.ts";

export type Step = readonly [href: string, name: string];

/** The way back: addresses with their names, then where one is. */
export function breadcrumb(way: readonly Step[], here: string): TemplateResult {
  return html`<nav class="breadcrumb" aria-label="Breadcrumb">
    ${way.map(([href, name]) => html`<a class="truncate" href=${href}>${name}</a>${icon("chevron-right", 13)}`)}
    <span class="truncate" aria-current="page">${here}</span>
  </nav>`;
}
