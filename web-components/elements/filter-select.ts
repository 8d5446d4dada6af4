import { html, type TemplateResult } from "lit";

/** A choice of what a list shows; "any" is the empty value. */
export function filterSelect({
  label,
  options,
  chosen,
  onChange,
}: {
  readonly label: string;
  /** Value → words. */
  readonly options: Readonly<Record<string, string>>;
  readonly chosen: string;
  readonly onChange: (value: string) => void;
}): TemplateResult {
  return html`<select
    class="input ${chosen === "" ? "" : "chosen"}"
    aria-label=${label}
    @change=${(event: Event) => onChange((event.target as HTMLSelectElement).value)}
  >
    <option value="" ?selected=${chosen === ""}>${label}: any</option>
    ${Object.entries(options).map(
      ([value, word]) =>
        html`<option value=${value} ?selected=${value === chosen}>
          ${word}
        </option>`,
    )}
  </select>`;
}
