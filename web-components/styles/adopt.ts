import type { CSSResult } from "lit";

/** Adds sheets to the document, once each: for the elements that render into the light DOM. */
export function adoptOnDocument(...styles: readonly CSSResult[]): void {
  const sheets = styles
    .map((style) => style.styleSheet)
    .filter((sheet) => sheet !== undefined);
  document.adoptedStyleSheets = [
    ...new Set([...document.adoptedStyleSheets, ...sheets]),
  ];
}
