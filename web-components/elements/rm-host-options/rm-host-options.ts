import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { HostPatchEvent } from "../../events/host-patch.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { parts } from "../../styles/parts.ts";
import {
  checkField,
  type FormProblem,
  problemNotice,
  textField,
} from "../field.ts";
import { FormFaults } from "../form-faults.ts";
import {
  type LimitsDraft,
  limitsDraft,
  limitsFaults,
  limitsField,
  limitsFields,
  limitsInWords,
  limitsSpec,
} from "../limits.ts";
import { plainText } from "../plain-text.ts";

interface Draft extends LimitsDraft {
  readonly tags: string;
  readonly alwaysOn: boolean;
  readonly index: boolean;
}

/** What is set of a host as a whole: tags, whether it is always on, whether its snapshots are indexed, bandwidth. */
@customElement("rm-host-options")
export class RmHostOptions extends LitElement {
  static override styles = [
    base,
    form,
    parts,
    css`
      .actions {
        display: flex;
        justify-content: flex-end;
      }
    `,
  ];

  @property({ attribute: false }) accessor host!: HostDetail;
  /** Whether this user may change it. */
  @property({ type: Boolean }) accessor edits = false;
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  /** Grows with every change that was saved. */
  @property({ type: Number }) accessor saves = 0;
  /** What was typed and is not saved. */
  @state() accessor draft: Draft | null = null;
  readonly #faults = new FormFaults(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("saves")) this.draft = null;
    if (changed.has("problem") && this.problem !== null)
      this.#faults.refused(this.problem, fieldOf);
  }

  override render() {
    return html`<section class="card section" aria-labelledby="options">
      <div class="section-head"><h2 id="options">Host</h2></div>
      ${this.edits ? this.#form() : this.#facts()}
    </section>`;
  }

  #facts(): TemplateResult {
    const { tags, always_on, index_enabled, bandwidth } = this.host;
    return html`<dl class="pairs wide">
      <dt>Tags</dt>
      <dd>
        ${tags.length === 0 ? "none" : tags.map((tag) => html`<span class="tag">${plainText(tag)}</span> `)}
      </dd>
      <dt>Always on</dt>
      <dd>${always_on ? "yes" : "no: it may be away"}</dd>
      <dt>Index of files</dt>
      <dd>${index_enabled ? "after every backup" : "only when asked"}</dd>
      <dt>Bandwidth</dt>
      <dd>${limitsInWords(bandwidth)}</dd>
    </dl>`;
  }

  #form(): TemplateResult {
    const draft = this.draft ?? draftOf(this.host);
    const change = (changed: Partial<Draft>): void => {
      this.draft = { ...draft, ...changed };
      this.#faults.changed(Object.keys(changed));
    };
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event, draft)}
    >
      <fieldset class="fields" ?disabled=${this.working}>
        ${textField({
          id: "tags",
          label: "Tags",
          value: draft.tags,
          placeholder: "prod db",
          help: "With spaces between them. The fleet can be filtered by them.",
          error: this.#faults.errors["tags"],
          onInput: (tags) => change({ tags }),
        })}
        ${checkField({
          id: "always-on",
          label: "Always on",
          help: "Not so for laptops: being away is then asleep and no fault, and one missed backup is made up for when the machine is back.",
          checked: draft.alwaysOn,
          onChange: (alwaysOn) => change({ alwaysOn }),
        })}
        ${checkField({
          id: "index",
          label: "Index of files after every backup",
          help: "The agent lists what is in the new snapshot, in the background. Without it, browsing a snapshot begins with a wait; backups and restores do not need it.",
          checked: draft.index,
          onChange: (index) => change({ index }),
        })}
        ${limitsFields({ draft, errors: this.#faults.errors, change })}
        <p class="help">
          The limits hold for everything restic does on this host. A single run
          may have others.
        </p>
      </fieldset>
      ${problemNotice(this.#faults.notice)}
      <div class="actions">
        <button
          class="button primary"
          ?disabled=${this.working || this.draft === null}
        >
          ${this.working ? "Saving" : "Save host"}
        </button>
      </div>
    </form>`;
  }

  #submit(event: SubmitEvent, draft: Draft): void {
    event.preventDefault();
    if (!this.#faults.check({ ...limitsFaults(draft), ...tagFaults(draft) }))
      return;
    this.dispatchEvent(
      new HostPatchEvent({
        tags: tagsOf(draft),
        always_on: draft.alwaysOn,
        index_enabled: draft.index,
        bandwidth: limitsSpec(draft),
      }),
    );
  }
}

function draftOf({
  tags,
  always_on,
  index_enabled,
  bandwidth,
}: HostDetail): Draft {
  return {
    tags: tags.join(" "),
    alwaysOn: always_on,
    index: index_enabled,
    ...limitsDraft(bandwidth),
  };
}

function tagsOf({ tags }: Draft): string[] {
  return [...new Set(tags.split(/[\s,]+/).filter(Boolean))];
}

function tagFaults(draft: Draft): Record<string, string> {
  const wrong = tagsOf(draft).find(
    (tag) => !/^[a-z0-9][a-z0-9._-]{0,31}$/.test(tag),
  );
  return wrong === undefined
    ? {}
    : {
        tags: `${wrong}: use 1 to 32 lower-case letters, digits, dots, dashes or underscores.`,
      };
}

function fieldOf(path: string): string | null {
  return path.startsWith("tags") ? "tags" : limitsField(path);
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-options": RmHostOptions;
  }
}
