import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { RepoTestResult } from "@restic-manager/shared/protocol/command.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { SetUpEvent } from "../../events/set-up.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { problemNotice } from "../field.ts";
import { plural } from "../format.ts";
import { icon } from "../icon.ts";
import { sourceFields } from "../source-fields.ts";
import { busy } from "../status.ts";
import {
  type Draft,
  mintPassword,
  missingFields,
  newDraft,
  setUpBody,
} from "./draft.ts";
import { DraftFaults, type SetUpRefusal } from "./draft-faults.ts";
import { repositoryFields } from "./repository-fields.ts";
import { setUpStyles } from "./rm-set-up.styles.ts";

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
  readonly #faults = new DraftFaults(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    this.draft ??= newDraft(this.host, mintPassword());
    if (changed.has("refusal")) this.#faults.refused(this.refusal);
  }

  override render() {
    const draft = this.draft!;
    const { errors, notice } = this.#faults.said(draft, this.refusal);
    const parts = {
      draft,
      errors,
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
        ${problemNotice(notice)}${this.#outcome()}
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
    this.#faults.changed(change);
  }

  #submit(event: Event, only: "test" | "save"): void {
    event.preventDefault();
    const draft = this.draft!;
    if (this.#faults.check(missingFields(draft)))
      this.dispatchEvent(new SetUpEvent(setUpBody(draft), only));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-set-up": RmSetUp;
  }
}
