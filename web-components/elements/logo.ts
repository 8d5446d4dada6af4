import { svg, html, type TemplateResult } from "lit";

const layers = svg`<rect x="2" y="2" width="20" height="20" rx="6" fill="currentColor" opacity=".16"/><path d="M6.5 9.2 12 6l5.5 3.2L12 12.4Z" fill="currentColor"/><path d="m6.5 12.3 5.5 3.2 5.5-3.2M6.5 15.3 12 18.5l5.5-3.2" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>`;

export function logo(size: number): TemplateResult {
  return html`<svg
    class="logo"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    aria-hidden="true"
  >
    ${layers}
  </svg>`;
}
