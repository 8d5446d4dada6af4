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
  get #isFaulty(): boolean {
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
    this.#focusWhenRendered = this.#isFaulty;
    this.#form.requestUpdate();
    return !this.#isFaulty;
  }

  /**
   * `errors`: field id → what is wrong. `notice`: what is said under the form; the marked fields say the rest. `own` are
   * fields that the refusal names by their id in the form.
   */
  said(
    draft: Draft,
    refusal: SetUpRefusal | null,
    own: readonly string[] = [],
  ): { errors: Texts; notice: FormProblem | null } {
    const marked = refusal === null ? {} : markedBy(refusal, draft, own);
    const standing = Object.entries(marked).filter(
      ([id]) => !this.#corrected.has(id),
    );
    return {
      errors: { ...Object.fromEntries(standing), ...this.#missing },
      notice: this.#isFaulty
        ? null
        : noticeOf(refusal, marked, standing.length),
    };
  }
}

function markedBy(
  refusal: SetUpRefusal,
  draft: Draft,
  own: readonly string[],
): Texts {
  const marked: Record<string, string> = {};
  for (const [path, text] of Object.entries(refusal.fields)) {
    const [top = ""] = path.split(".");
    const field = own.includes(top) ? top : fieldOfPath(path, draft);
    if (field !== null) marked[field] = text;
  }
  const field = fieldOfFailure(refusal.reason, draft);
  if (field !== null) marked[field] ??= refusal.message;
  return marked;
}

/** The whole refusal where no field shows it; nothing once all it was about has been changed. */
function noticeOf(
  refusal: SetUpRefusal | null,
  marked: Texts,
  standing: number,
): FormProblem | null {
  if (refusal === null || Object.keys(marked).length === 0) return refusal;
  if (standing === 0) return null;
  const message =
    standing === 1 ? "See the marked field." : "See the marked fields.";
  return { ...refusal, message };
}
