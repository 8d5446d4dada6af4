import { html, type TemplateResult } from "lit";

/** Chooses what a list shows by one name of its address; "any" is the empty value. `options`: value → words. */
export function filterSelect(
  url: URL,
  name: string,
  label: string,
  options: Readonly<Record<string, string>>,
  change: (name: string, value: string) => void,
): TemplateResult {
  const chosen = url.searchParams.get(name) ?? "";
  return html`<select
    class="input ${chosen === "" ? "" : "chosen"}"
    aria-label=${label}
    @change=${(event: Event) => change(name, (event.target as HTMLSelectElement).value)}
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
