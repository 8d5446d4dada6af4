import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { SourceEvent } from "../../events/source.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { parts } from "../../styles/parts.ts";
import { type FormProblem, focusProblem, problemNotice } from "../field.ts";
import {
  type SourceDraft,
  sourceDraft,
  sourceFaults,
  sourceField,
  sourceSpec,
} from "../source-draft.ts";
import { sourceFields } from "../source-fields.ts";
import { sourceStyles } from "./rm-source.styles.ts";

/** A source group: what a host backs up. In its form nothing typed is lost, whatever is answered. */
@customElement("rm-source")
export class RmSource extends LitElement {
  static override styles = [base, form, parts, sourceStyles];

  @property({ attribute: false }) accessor group!: SourceGroup;
  /** Whether this user may change it. */
  @property({ type: Boolean }) accessor edits = false;
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  /** Grows with every change that was saved; the form then closes. */
  @property({ type: Number }) accessor saves = 0;
  /** What stands in the form, while there is one. */
  @state() accessor draft: SourceDraft | null = null;
  @state() accessor refused: FormProblem | null = null;
  @state() accessor errors: Readonly<Record<string, string>> = {};
  #focus: "" | "problem" | "form" | "edit" = "";

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("saves") && this.draft !== null) this.#close();
    if (!changed.has("problem")) return;
    this.refused = this.problem;
    this.errors = fieldErrors(this.problem);
    if (this.problem !== null) this.#focus = "problem";
  }

  override updated(): void {
    if (this.#focus === "problem") focusProblem(this.renderRoot);
    if (this.#focus === "form") this.#focusOn("textarea");
    if (this.#focus === "edit") this.#focusOn(".section-head button");
    this.#focus = "";
  }

  override render() {
    const { name } = this.group;
    return html`<section class="card section" aria-label="Source group ${name}">
      <div class="section-head">
        <h2 class="truncate">${name}</h2>
        <span class="small text-3">restic tag of its snapshots</span>
        <span class="spring"></span>
        ${
          this.edits && this.draft === null
            ? html`<button class="button s" @click=${() => this.#open()}>
                Edit
              </button>`
            : nothing
        }
      </div>
      ${this.draft === null ? this.#lists() : this.#form(this.draft)}
    </section>`;
  }

  #lists(): TemplateResult {
    const { includes, excludes, options } = this.group;
    const words = [
      options.exclude_caches ? "Folders with a CACHEDIR.TAG" : "",
      options.one_file_system ? "Other file systems below a path" : "",
    ].filter(Boolean);
    if (words.length + excludes.length === 0) words.push("Nothing");
    return html`<div class="lists">
      <div>
        <h3>Paths</h3>
        <ul>
          ${includes.map((path) => html`<li>${path}</li>`)}
        </ul>
      </div>
      <div>
        <h3>Left out</h3>
        <ul>
          ${words.map((word) => html`<li class="word">${word}</li>`)}${excludes.map((pattern) => html`<li>${pattern}</li>`)}
        </ul>
      </div>
    </div>`;
  }

  #form(draft: SourceDraft): TemplateResult {
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event, draft)}
    >
      <fieldset class="fields" ?disabled=${this.working}>
        ${sourceFields({
          draft,
          errors: this.errors,
          change: (change) => this.#change({ ...draft, ...change }, change),
        })}
      </fieldset>
      ${problemNotice(this.refused)}
      <div class="actions">
        <button
          type="button"
          class="button"
          ?disabled=${this.working}
          @click=${() => this.#close()}
        >
          Cancel
        </button>
        <button class="button primary" ?disabled=${this.working}>
          ${this.working ? "Saving" : "Save"}
        </button>
      </div>
    </form>`;
  }

  #open(): void {
    this.draft = sourceDraft(this.group);
    this.#focus = "form";
  }

  #close(): void {
    this.draft = null;
    this.refused = null;
    this.errors = {};
    this.#focus = "edit";
  }

  /** What was said about a field no longer holds once it is changed. */
  #change(draft: SourceDraft, change: Partial<SourceDraft>): void {
    this.draft = draft;
    this.errors = Object.fromEntries(
      Object.entries(this.errors).filter(([id]) => !(id in change)),
    );
  }

  #submit(event: SubmitEvent, draft: SourceDraft): void {
    event.preventDefault();
    this.refused = null;
    this.errors = sourceFaults(draft);
    if (Object.keys(this.errors).length > 0) this.#focus = "problem";
    else
      this.dispatchEvent(new SourceEvent(sourceSpec(this.group.name, draft)));
  }

  #focusOn(selector: string): void {
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }
}

function fieldErrors(problem: FormProblem | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(problem?.fields ?? {}).flatMap(([path, text]) => {
      const field = sourceField(path);
      return field === null ? [] : [[field, text]];
    }),
  );
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-source": RmSource;
  }
}
