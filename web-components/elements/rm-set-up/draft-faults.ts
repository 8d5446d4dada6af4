import type { LitElement, ReactiveController } from "lit";
import { type FormProblem, focusProblem } from "../field.ts";
import { type Draft, fieldOfFailure, fieldOfPath } from "./draft.ts";

/** What the server or the agent said to the last attempt. `fields` are dotted paths of the body. */
export interface SetUpRefusal extends FormProblem {
  readonly reason: string | undefined;
}

type Texts = Readonly<Record<string, string>>;

/**
 * What is wrong with the draft of a form: what the form itself found before it was sent, and what was answered. A fault
 * goes with the next change of its field. Puts the focus on the first one.
 */
export class DraftFaults implements ReactiveController {
  readonly #form: LitElement;
  #missing: Texts = {};
  /** Fields changed since the last refusal: what was said about them no longer holds. */
  #corrected: ReadonlySet<string> = new Set();
  #focusWhenRendered = false;

  constructor(form: LitElement) {
    this.#form = form;
    form.addController(this);
  }

  hostUpdated(): void {
    if (!this.#focusWhenRendered) return;
    this.#focusWhenRendered = false;
    focusProblem(this.#form.renderRoot);
  }

  /** The form has faults of its own: what was answered to the last attempt is not what matters now. */
  get isFaulty(): boolean {
    return Object.keys(this.#missing).length > 0;
  }

  refused(refusal: FormProblem | null): void {
    this.#corrected = new Set();
    this.#focusWhenRendered = refusal !== null;
  }

  changed(change: object): void {
    this.#corrected = new Set([...this.#corrected, ...Object.keys(change)]);
    this.#missing = Object.fromEntries(
      Object.entries(this.#missing).filter(([id]) => !(id in change)),
    );
  }

  /** Whether nothing is missing, so that the form can be sent. */
  check(missing: Texts): boolean {
    this.#missing = missing;
    this.#focusWhenRendered = this.isFaulty;
    this.#form.requestUpdate();
    return !this.isFaulty;
  }

  /** Field id → what is wrong. `own` are fields that the refusal names by their id in the form. */
  errors(
    draft: Draft,
    refusal: SetUpRefusal | null,
    own: readonly string[] = [],
  ): Texts {
    const errors: Record<string, string> = {};
    for (const [path, text] of Object.entries(refusal?.fields ?? {})) {
      const [top = ""] = path.split(".");
      const field = own.includes(top) ? top : fieldOfPath(path, draft);
      if (field !== null) errors[field] = text;
    }
    const field = fieldOfFailure(refusal?.reason, draft);
    if (refusal !== null && field !== null) errors[field] ??= refusal.message;
    const standing = Object.entries(errors).filter(
      ([id]) => !this.#corrected.has(id),
    );
    return { ...Object.fromEntries(standing), ...this.#missing };
  }
}
