import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";
import { icon } from "./icon.ts";

/** Why a form was refused: what the API answered, or what is missing before it is asked. */
export interface FormProblem {
  readonly message: string;
  /** Code of the API, or of the agent behind it. Empty for what the form itself found. */
  readonly code: string;
  /** Field id → what to change. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface FieldParts {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly help?: string | TemplateResult | undefined;
  readonly error?: string | undefined;
  readonly placeholder?: string | undefined;
}

export interface TextParts extends FieldParts {
  readonly type?: "text" | "password" | "url" | "number" | "time";
  readonly autocomplete?: string;
  /** Addresses, paths and ids are set in the fixed-width face and not spell-checked. */
  readonly code?: boolean;
}

export function textField(parts: TextParts): TemplateResult {
  const { id, type = "text", code = false } = parts;
  return html`<div class="field">
    <label for=${id}>${parts.label}</label>
    <input
      class="input ${code ? "code" : ""}"
      id=${id}
      name=${id}
      type=${type}
      placeholder=${ifDefined(parts.placeholder)}
      autocomplete=${parts.autocomplete ?? "off"}
      autocapitalize="off"
      spellcheck="false"
      aria-invalid=${parts.error === undefined ? nothing : "true"}
      aria-describedby=${describedBy(parts)}
      .value=${live(parts.value)}
      @input=${(event: InputEvent) => parts.onInput((event.target as HTMLInputElement).value)}
    />
    ${helpAndError(parts)}
  </div>`;
}

export function areaField(
  parts: FieldParts & { rows?: number },
): TemplateResult {
  return html`<div class="field">
    <label for=${parts.id}>${parts.label}</label>
    <textarea
      class="input"
      id=${parts.id}
      name=${parts.id}
      rows=${parts.rows ?? 3}
      placeholder=${ifDefined(parts.placeholder)}
      autocapitalize="off"
      spellcheck="false"
      aria-invalid=${parts.error === undefined ? nothing : "true"}
      aria-describedby=${describedBy(parts)}
      .value=${live(parts.value)}
      @input=${(event: InputEvent) => parts.onInput((event.target as HTMLTextAreaElement).value)}
    ></textarea>
    ${helpAndError(parts)}
  </div>`;
}

export function selectField(
  parts: FieldParts & {
    /** Value → what a person reads, in order. */
    options: Readonly<Record<string, string>>;
  },
): TemplateResult {
  return html`<div class="field">
    <label for=${parts.id}>${parts.label}</label>
    <select
      class="input"
      id=${parts.id}
      name=${parts.id}
      aria-invalid=${parts.error === undefined ? nothing : "true"}
      aria-describedby=${describedBy(parts)}
      @change=${(event: Event) => parts.onInput((event.target as HTMLSelectElement).value)}
    >
      ${Object.entries(parts.options).map(
        ([value, label]) =>
          html`<option value=${value} .selected=${value === parts.value}>
            ${label}
          </option>`,
      )}
    </select>
    ${helpAndError(parts)}
  </div>`;
}

export function checkField(parts: {
  id: string;
  label: string | TemplateResult;
  checked: boolean;
  onChange: (checked: boolean) => void;
  help?: string;
  error?: string | undefined;
  /** Where one text says what is wrong with several of them. */
  invalid?: boolean;
}): TemplateResult {
  const isInvalid = parts.invalid === true || parts.error !== undefined;
  return html`<div class="check">
    <input
      type="checkbox"
      id=${parts.id}
      .checked=${live(parts.checked)}
      aria-invalid=${isInvalid ? "true" : nothing}
      aria-describedby=${describedBy(parts)}
      @change=${(event: Event) => parts.onChange((event.target as HTMLInputElement).checked)}
    />
    <label for=${parts.id}>${parts.label}</label>
    ${helpAndError(parts)}
  </div>`;
}

export function segments<T extends string>(parts: {
  name: string;
  label: string;
  options: Readonly<Record<T, string>>;
  /** Empty for none. */
  value: NoInfer<T> | "";
  onChange: (value: T) => void;
}): TemplateResult {
  return html`<fieldset>
    <legend>${parts.label}</legend>
    <div class="segments">
      ${Object.entries<string>(parts.options).map(
        ([value, label]) =>
          html`<label
            ><input
              type="radio"
              name=${parts.name}
              value=${value}
              .checked=${live(value === parts.value)}
              @change=${() => parts.onChange(value as T)}
            />${label}</label
          >`,
      )}
    </div>
  </fieldset>`;
}

/** What a person has to do before the form can be sent, above its buttons. */
export function problemNotice(
  problem: FormProblem | null,
): TemplateResult | typeof nothing {
  if (problem === null) return nothing;
  return html`<div class="notice bad" role="alert" tabindex="-1">
    ${icon("warning")}<span
      >${problem.message}${problem.code === "" ? nothing : html` <code>${problem.code}</code>`}</span
    >
  </div>`;
}

/** Puts the focus where the first thing to change is. */
export function focusProblem(root: DocumentFragment | HTMLElement): void {
  const first =
    root.querySelector<HTMLElement>('[aria-invalid="true"]') ??
    root.querySelector<HTMLElement>('[role="alert"]');
  first?.closest("details")?.setAttribute("open", "");
  first?.focus();
}

type Described = {
  id: string;
  help?: string | TemplateResult | undefined;
  error?: string | undefined;
};

function describedBy({ id, help, error }: Described): string | typeof nothing {
  const ids = [
    help === undefined ? "" : `${id}-help`,
    error === undefined ? "" : `${id}-error`,
  ].filter(Boolean);
  return ids.length === 0 ? nothing : ids.join(" ");
}

function helpAndError({ id, help, error }: Described): TemplateResult {
  return html`${help === undefined ? nothing : html`<p class="help" id="${id}-help">${help}</p>`}
  ${error === undefined ? nothing : html`<p class="error" id="${id}-error">${icon("warning", 13)}${error}</p>`}`;
}
