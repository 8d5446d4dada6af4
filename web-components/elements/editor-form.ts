import {
  type CSSResultGroup,
  html,
  LitElement,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { property } from "lit/decorators.js";
import { base } from "../styles/base.ts";
import { editor } from "../styles/editor.ts";
import { form } from "../styles/form.ts";
import { parts } from "../styles/parts.ts";
import { type FormProblem, problemNotice } from "./field.ts";
import { FormFaults } from "./form-faults.ts";

/**
 * A form that is a page. It takes what is edited once, when it is first drawn; nothing typed is lost, whatever is
 * answered. Slot: what is to be known before it is saved.
 */
export abstract class EditorForm extends LitElement {
  static override styles: CSSResultGroup = [base, form, parts, editor];

  /** Address that cancelling leads to. */
  @property() accessor back = "";
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  protected readonly faults = new FormFaults(this);
  /** `source group` */
  protected abstract readonly noun: string;
  #opened = "";

  /** Takes over what is edited. */
  protected abstract open(): void;
  /** All that a person can change. */
  protected abstract get typed(): unknown;
  protected abstract get found(): Readonly<Record<string, string>>;
  /** The field that a dotted path of the body came from. */
  protected abstract fieldOf(path: string): string | null;
  protected abstract cards(): TemplateResult;
  /** Asks for what is typed to be saved. */
  protected abstract send(): void;

  get isChanged(): boolean {
    return this.hasUpdated && asText(this.typed) !== this.#opened;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!this.hasUpdated) {
      this.open();
      this.#opened = asText(this.typed);
    }
    if (changed.has("problem") && this.problem !== null)
      this.faults.refused(this.problem, (path) => this.fieldOf(path));
  }

  override render() {
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        if (this.faults.check(this.found)) this.send();
      }}
    >
      <fieldset class="cards" ?disabled=${this.working}>
        ${this.cards()}
      </fieldset>
      <div class="foot">
        <slot></slot>
        ${problemNotice(this.faults.notice)}
        <div class="actions">
          <a class="button ghost" href=${this.back}>Cancel</a>
          <button class="button primary" ?disabled=${this.working}>
            ${this.working ? "Saving" : `Save ${this.noun}`}
          </button>
        </div>
      </div>
    </form>`;
  }
}

/** The same for what comes to the same: a set has no order. */
function asText(typed: unknown): string {
  return JSON.stringify(typed, (_, value: unknown) =>
    value instanceof Set ? [...value].sort() : value,
  );
}
