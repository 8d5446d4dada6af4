import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../elements/icon.ts";
import { logo } from "../elements/logo.ts";

/** The card in which visitors come in. */
export function doorFrame(
  heading: string,
  content: TemplateResult,
): TemplateResult {
  return html`<div class="door-card">
    <p class="door-brand">${logo(28)}restic-manager</p>
    <h1 tabindex="-1">${heading}</h1>
    ${content}
  </div>`;
}

/** The text in a field of a form; empty when there is no such field. */
export function fieldText(form: EventTarget | null, name: string): string {
  const value =
    form instanceof HTMLFormElement ? new FormData(form).get(name) : null;
  return typeof value === "string" ? value : "";
}

/** An uncontrolled field: what a password manager writes into it must not be written over. */
export function doorField(parts: {
  name: string;
  label: string;
  type?: "text" | "password";
  autocomplete: "username" | "current-password" | "new-password" | "off";
  help?: string;
  error?: string | undefined;
}): TemplateResult {
  const { name, help, error } = parts;
  return html`<div class="field">
    <label for=${name}>${parts.label}</label>
    <input
      class="input"
      id=${name}
      name=${name}
      type=${parts.type ?? "text"}
      autocomplete=${parts.autocomplete}
      autocapitalize="off"
      spellcheck="false"
      required
      aria-invalid=${error === undefined ? nothing : "true"}
      aria-describedby=${error !== undefined ? `${name}-error` : help !== undefined ? `${name}-help` : nothing}
    />
    ${error !== undefined || help === undefined ? nothing : html`<p class="help" id="${name}-help">${help}</p>`}
    ${error === undefined ? nothing : html`<p class="error" id="${name}-error">${icon("warning", 13)}${error}</p>`}
  </div>`;
}
