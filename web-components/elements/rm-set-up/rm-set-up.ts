import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { SetUpEvent } from "../../events/set-up.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { type FormProblem, focusProblem, problemNotice } from "../field.ts";
import { plural } from "../format.ts";
import { icon } from "../icon.ts";
import { sourceFields } from "../source-fields.ts";
import { busy } from "../status.ts";
import {
  type Draft,
  fieldOfFailure,
  fieldOfPath,
  mintPassword,
  missingFields,
  newDraft,
  setUpBody,
} from "./draft.ts";
import { repositoryFields } from "./repository-fields.ts";
import { setUpStyles } from "./rm-set-up.styles.ts";

/** What the server or the agent said to the last attempt. `fields` are dotted paths of the body. */
export interface SetUpRefusal extends FormProblem {
  readonly reason: string | undefined;
}

/** What to back up and where: the second phase of accepting a host. Keeps everything typed, whatever is answered. */
@customElement("rm-set-up")
export class RmSetUp extends LitElement {
  static override styles = [base, form, setUpStyles];

  @property({ attribute: false }) accessor host!: Pick<
    HostRow,
    "name" | "os" | "online"
  >;
  @property() accessor working: "" | "test" | "save" = "";
  @property({ attribute: false }) accessor refusal: SetUpRefusal | null = null;
  @property({ attribute: false }) accessor tested: RepoTestResult | null = null;
  @state() accessor draft: Draft | null = null;
  @state() accessor missing: Readonly<Record<string, string>> = {};
  /** Fields changed since the last refusal: what was said about them no longer holds. */
  @state() accessor corrected: ReadonlySet<string> = new Set();
  #focusWhenRendered = false;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    this.draft ??= newDraft(this.host, mintPassword());
    if (!changed.has("refusal")) return;
    this.corrected = new Set();
    this.#focusWhenRendered = this.refusal !== null;
  }

  override updated(): void {
    if (!this.#focusWhenRendered) return;
    this.#focusWhenRendered = false;
    focusProblem(this.renderRoot);
  }

  override render() {
    const draft = this.draft!;
    const parts = {
      draft,
      errors: this.#errors(draft),
      change: (change: Partial<Draft>) => this.#change(change),
    };
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event, "save")}
    >
      <fieldset class="fields" ?disabled=${this.working !== ""}>
        <section class="fields">
          <h3>What to back up</h3>
          ${sourceFields(parts)}
        </section>
        <section class="fields">
          <h3>Where to keep it</h3>
          ${repositoryFields(parts)}
        </section>
      </fieldset>
      <div class="foot">
        ${problemNotice(this.#isFaulty ? null : this.refusal)}${this.#outcome()}
        <div class="actions">
          ${
            draft.mode === "existing"
              ? html`<button
                  type="button"
                  class="button"
                  ?disabled=${this.#waiting}
                  @click=${(event: Event) => this.#submit(event, "test")}
                >
                  Test repository
                </button>`
              : nothing
          }
          <button class="button primary" ?disabled=${this.#waiting}>
            ${draft.mode === "create" ? "Create repository and save" : "Test and save"}
          </button>
        </div>
      </div>
    </form>`;
  }

  /** The form has faults of its own: what was answered to the last attempt is not what matters now. */
  get #isFaulty(): boolean {
    return Object.keys(this.missing).length > 0;
  }

  get #waiting(): boolean {
    return this.working !== "" || !this.host.online;
  }

  #outcome(): TemplateResult {
    return html`<div role="status">${this.#outcomeText()}</div>`;
  }

  #outcomeText(): TemplateResult | typeof nothing {
    if (!this.host.online) {
      return html`<p class="outcome">
        ${busy()}${this.host.name} is connecting. The form can be sent when it
        is online.
      </p>`;
    }
    if (this.working !== "") {
      return html`<p class="outcome">
        ${busy()}The agent on ${this.host.name} opens the repository. This can
        take a minute.
      </p>`;
    }
    if (this.tested === null) return nothing;
    return html`<p class="outcome">
      <span class="ok">${icon("circle-check")}</span>The repository opens and
      holds ${plural(this.tested.snapshot_count, "snapshot")}. Nothing is saved
      yet.
    </p>`;
  }

  #change(change: Partial<Draft>): void {
    this.draft = { ...this.draft!, ...change };
    this.corrected = new Set([...this.corrected, ...Object.keys(change)]);
    this.missing = Object.fromEntries(
      Object.entries(this.missing).filter(([id]) => !(id in change)),
    );
  }

  #errors(draft: Draft): Readonly<Record<string, string>> {
    const errors: Record<string, string> = {};
    const { refusal } = this;
    if (refusal !== null) {
      for (const [path, text] of Object.entries(refusal.fields)) {
        const field = fieldOfPath(path, draft);
        if (field !== null) errors[field] = text;
      }
      const field = fieldOfFailure(refusal.reason, draft);
      if (field !== null) errors[field] ??= refusal.message;
    }
    const standing = Object.entries(errors).filter(
      ([id]) => !this.corrected.has(id),
    );
    return { ...Object.fromEntries(standing), ...this.missing };
  }

  #submit(event: Event, only: "test" | "save"): void {
    event.preventDefault();
    const draft = this.draft!;
    this.missing = missingFields(draft);
    if (this.#isFaulty) this.#focusWhenRendered = true;
    else this.dispatchEvent(new SetUpEvent(setUpBody(draft), only));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-set-up": RmSetUp;
  }
}
