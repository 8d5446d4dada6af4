import type { LitElement, ReactiveController } from "lit";
import { type FormProblem, focusProblem } from "./field.ts";

type Texts = Readonly<Record<string, string>>;

/**
 * What is wrong with a form: what it found itself before it was sent, or what was answered. A fault goes with the next
 * change of its field. Puts the focus on the first one.
 */
export class FormFaults implements ReactiveController {
  readonly #form: LitElement;
  #focusWhenRendered = false;
  /** Field id → what to change. */
  errors: Texts = {};
  /** Of the form as a whole. */
  notice: FormProblem | null = null;

  constructor(form: LitElement) {
    this.#form = form;
    form.addController(this);
  }

  hostUpdated(): void {
    if (!this.#focusWhenRendered) return;
    this.#focusWhenRendered = false;
    focusProblem(this.#form.renderRoot);
  }

  /** Whether the form may be sent. */
  check(errors: Texts): boolean {
    this.#show(errors, null);
    return Object.keys(errors).length === 0;
  }

  /** `fieldOf`: the field that a dotted path of the body came from. */
  refused(
    problem: FormProblem | null,
    fieldOf: (path: string) => string | null,
  ): void {
    const errors = Object.entries(problem?.fields ?? {}).flatMap(
      ([path, text]) => {
        const field = fieldOf(path);
        return field === null ? [] : [[field, text]];
      },
    );
    this.#show(Object.fromEntries(errors), problem);
  }

  changed(fields: readonly string[]): void {
    this.errors = Object.fromEntries(
      Object.entries(this.errors).filter(([id]) => !fields.includes(id)),
    );
  }

  #show(errors: Texts, notice: FormProblem | null): void {
    this.errors = errors;
    this.notice = notice;
    this.#focusWhenRendered = notice !== null || Object.keys(errors).length > 0;
    this.#form.requestUpdate();
  }
}
