import type {
  Repository,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { retentionConflict } from "@restic-manager/shared/domain/retention-conflict.ts";
import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { SourceEvent } from "../../events/source.ts";
import { conflictWords } from "../conflict-words.ts";
import { EditorForm } from "../editor-form.ts";
import { selectField, textField } from "../field.ts";
import { icon } from "../icon.ts";
import { gapsOf } from "../retention-preview.ts";
import { sourceFields } from "../source-fields.ts";
import {
  draftRetention,
  type GroupDraft,
  groupDraft,
  groupFaults,
  groupField,
  groupSpec,
  newGroupDraft,
  retryWaits,
} from "./group-draft.ts";
import { retentionFields } from "./retention-fields.ts";
import { sourceFormStyles } from "./rm-source-form.styles.ts";

/** What a host backs up, where to, and how long it is kept. */
@customElement("rm-source-form")
export class RmSourceForm extends EditorForm {
  static override styles = [EditorForm.styles, sourceFormStyles];

  /** Null for a new one. */
  @property({ attribute: false }) accessor group: SourceGroup | null = null;
  @property({ attribute: false }) accessor repositories: readonly Repository[] =
    [];
  /** Those that run this group. */
  @property({ attribute: false }) accessor schedules: readonly Schedule[] = [];
  @state() accessor draft: GroupDraft = newGroupDraft();
  protected override readonly noun = "source group";

  protected override open(): void {
    if (this.group !== null) this.draft = groupDraft(this.group);
  }

  protected override get typed(): GroupDraft {
    return this.draft;
  }

  protected override get found(): Record<string, string> {
    return groupFaults(this.draft);
  }

  protected override fieldOf(path: string): string | null {
    return groupField(path);
  }

  protected override send(): void {
    this.dispatchEvent(new SourceEvent(groupSpec(this.draft)));
  }

  protected override cards(): TemplateResult {
    return html`${this.#what()}
      <div class="side">${this.#keep()}${this.#retry()}</div>`;
  }

  #what(): TemplateResult {
    return html`<section
      class="card section fields"
      aria-label="What to back up"
    >
      <h2>What to back up</h2>
      ${this.#text("name", "Name", {
        code: true,
        help: "Also the tag of its snapshots in the repository.",
      })}
      ${this.#renamed()}
      ${sourceFields({
        draft: this.draft,
        errors: this.faults.errors,
        change: (change) => this.#change(change),
      })}
      ${this.#repository()}
    </section>`;
  }

  #renamed(): TemplateResult | typeof nothing {
    const before = this.group?.name;
    const isNew = before === undefined || before === this.draft.name.trim();
    if (isNew) return nothing;
    return html`<div class="notice warn">
      ${icon("warning")}<span
        >Snapshots made so far keep the tag <code>${before}</code>. They stay in
        the repository, and no policy removes them any more.</span
      >
    </div>`;
  }

  #repository(): TemplateResult | typeof nothing {
    if (this.repositories.length < 2) return nothing;
    return selectField({
      id: "repository",
      label: "Repository",
      value: this.draft.repository,
      options: {
        "": "The host’s default",
        ...Object.fromEntries(
          this.repositories.map(({ id, name }) => [id, name]),
        ),
      },
      help:
        this.group !== null &&
        this.draft.repository !== (this.group.repository_id ?? "")
          ? "Snapshots made so far stay where they are."
          : undefined,
      error: this.faults.errors["repository"],
      onInput: (repository) => this.#change({ repository }),
    });
  }

  #keep(): TemplateResult {
    return html`<section
      class="card section fields"
      aria-label="How long to keep"
    >
      <h2>How long to keep</h2>
      ${retentionFields({
        draft: this.draft,
        errors: this.faults.errors,
        change: (change) => this.#change(change),
        gaps: gapsOf(this.#running.map(({ next }) => next)),
        now: Date.now(),
        hint: conflictWords(
          retentionConflict(
            draftRetention(this.draft),
            this.#running.map(({ cron }) => cron),
          ),
        ),
      })}
    </section>`;
  }

  #retry(): TemplateResult {
    const waits = retryWaits(this.draft).map(waitInWords);
    return html`<section
      class="card section fields"
      aria-label="When it cannot start"
    >
      <h2>When it cannot start</h2>
      <div class="pair">
        ${this.#text("retries", "Further attempts", { type: "number" })}
        ${this.#text("backoff", "First after, in seconds", { type: "number" })}
      </div>
      <p class="waits">
        ${
          waits.length === 0
            ? "A scheduled backup that finds its repository locked or out of reach is not tried again before its next time."
            : `A scheduled backup that finds its repository locked or out of reach is tried again after ${waits.join(", ")}; then it is given up, and its schedule says so.`
        }
      </p>
    </section>`;
  }

  #text(
    id: "name" | "retries" | "backoff",
    label: string,
    more: { code?: boolean; type?: "number"; help?: string },
  ): TemplateResult {
    return textField({
      id,
      label,
      ...more,
      value: this.draft[id],
      error: this.faults.errors[id],
      onInput: (text) => this.#change({ [id]: text }),
    });
  }

  get #running(): readonly Schedule[] {
    return this.schedules.filter(({ enabled }) => enabled);
  }

  /** What was said about a field no longer holds once it is changed. */
  #change(change: Partial<GroupDraft>): void {
    const before = this.draft.keep;
    this.draft = { ...this.draft, ...change };
    const keeps = Object.entries(this.draft.keep).filter(
      ([key, text]) => before[key as keyof typeof before] !== text,
    );
    this.faults.changed([...Object.keys(change), ...keeps.map(([key]) => key)]);
  }
}

function waitInWords(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-source-form": RmSourceForm;
  }
}
