import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { TokenEvent } from "../../events/token.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { problemNotice, segments, textField } from "../field.ts";
import { icon } from "../icon.ts";
import { DraftFaults, type SetUpRefusal } from "../rm-set-up/draft-faults.ts";
import { repositoryFields } from "../rm-set-up/repository-fields.ts";
import { setUpStyles } from "../rm-set-up/rm-set-up.styles.ts";
import { sourceFields } from "../source-fields.ts";
import { busy } from "../status.ts";
import {
  missingTokenFields,
  newTokenDraft,
  pathPresets,
  presetOf,
  type TokenDraft,
  tokenBody,
  withHostname,
  withPreset,
} from "./token-draft.ts";

const presetLabels = Object.fromEntries(
  Object.entries(pathPresets).map(([id, { label }]) => [id, label]),
) as Record<keyof typeof pathPresets, string>;

/** What a host backs up and where, said before it is there. Keeps everything typed, whatever is answered. */
@customElement("rm-token-form")
export class RmTokenForm extends LitElement {
  static override styles = [base, form, setUpStyles];

  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor refusal: SetUpRefusal | null = null;
  @state() accessor draft: TokenDraft = newTokenDraft();
  readonly #faults = new DraftFaults(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("refusal")) this.#faults.refused(this.refusal);
  }

  override render() {
    const { draft } = this;
    const { errors, notice } = this.#faults.said(draft, this.refusal, [
      "hostname",
      "tags",
    ]);
    const parts = {
      draft,
      errors,
      change: (change: Partial<TokenDraft>) => this.#change(change),
    };
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event)}
    >
      <fieldset class="fields" ?disabled=${this.working}>
        <section class="fields">
          <h3>The host</h3>
          <div class="pair">
            ${textField({
              id: "hostname",
              label: "Host name",
              value: draft.hostname,
              code: true,
              placeholder: "web-03",
              help: "What it is called here.",
              error: errors["hostname"],
              onInput: (hostname) =>
                this.#change(withHostname(draft, hostname)),
            })}
            ${textField({
              id: "tags",
              label: "Tags",
              value: draft.tags,
              placeholder: "web, production",
              help: "Separated by commas.",
              error: errors["tags"],
              onInput: (tags) => this.#change({ tags }),
            })}
          </div>
        </section>
        <section class="fields">
          <h3>What to back up</h3>
          ${segments({
            name: "preset",
            label: "Begin with",
            options: presetLabels,
            value: presetOf(draft),
            onChange: (preset) => this.#change(withPreset(preset)),
          })}
          ${sourceFields(parts)}
        </section>
        <section class="fields">
          <h3>Where to keep it</h3>
          ${repositoryFields(parts)}
        </section>
      </fieldset>
      <div class="foot">
        ${problemNotice(notice)}
        <div class="actions">
          <button class="button primary" ?disabled=${this.working}>
            ${this.working ? busy() : icon("key", 14)}Make token
          </button>
        </div>
      </div>
    </form>`;
  }

  #change(change: Partial<TokenDraft>): void {
    this.draft = { ...this.draft, ...change };
    this.#faults.changed(change);
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.#faults.check(missingTokenFields(this.draft)))
      this.dispatchEvent(new TokenEvent(tokenBody(this.draft)));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-token-form": RmTokenForm;
  }
}
