import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { HostHooksSpec } from "@restic-manager/shared/api/hooks.ts";
import type { HookSpec } from "@restic-manager/shared/domain/hook.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { HooksEvent } from "../../events/hooks.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import {
  areaField,
  type FormProblem,
  problemNotice,
  segments,
  selectField,
  textField,
} from "../field.ts";
import { FormFaults } from "../form-faults.ts";
import {
  type HookDraft,
  type HooksDraft,
  hooksDraft,
  hooksFaults,
  hooksField,
  type HookSource,
  hooksSpec,
  type ShellChoice,
} from "./hooks-draft.ts";

const titles = {
  pre: "Before the backup",
  post: "After the backup",
} as const;

const helps = {
  pre: "When it fails, nothing is backed up and the job fails.",
  post: "Always runs, also after a failed backup. When it fails, the log says so; the backup counts as it ended.",
} as const;

/** What runs around backups: of one source group, or the default of its host. Fires `close` when it is given up. */
@customElement("rm-hooks-form")
export class RmHooksForm extends LitElement {
  static override styles = [
    base,
    form,
    css`
      section {
        display: grid;
        gap: 10px;
      }
      section + section {
        padding-top: 16px;
        border-top: 1px solid var(--rm-border);
      }
      textarea.input {
        min-height: 94px;
      }
      .pair {
        padding-top: 16px;
        border-top: 1px solid var(--rm-border);
      }
      .names {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 4px 14px;
        font-size: var(--rm-size-12);
        line-height: 17px;
      }
      .names dd {
        color: var(--rm-text-2);
      }
      .actions {
        display: flex;
        gap: 8px;
        justify-content: flex-end;
      }
    `,
  ];

  @property({ attribute: false }) accessor hooks!: HookSpec;
  /** Of the host; undefined for a source group. */
  @property({ attribute: false }) accessor shell:
    HostHooksSpec["shell"] | undefined;
  @property() accessor os: HostRow["os"] = "linux";
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  @state() accessor draft: HooksDraft | null = null;
  readonly #faults = new FormFaults(this);
  #opened = "";

  get isChanged(): boolean {
    return this.hasUpdated && JSON.stringify(this.draft) !== this.#opened;
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (this.draft === null) {
      this.draft = hooksDraft(this.hooks, this.shell ?? null, this.#isHost);
      this.#opened = JSON.stringify(this.draft);
    }
    if (changed.has("problem") && this.problem !== null)
      this.#faults.refused(this.problem, hooksField);
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input:checked")?.focus();
  }

  override render() {
    const draft = this.draft!;
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event, draft)}
    >
      <fieldset class="fields" ?disabled=${this.working}>
        ${this.#hook("pre", draft.pre)}${this.#hook("post", draft.post)}
        ${this.#names()}
        <div class="pair">
          ${textField({
            id: "minutes",
            label: "Time limit, in minutes",
            type: "number",
            value: draft.minutes,
            help: "A hook that takes longer is ended; before the backup, that is a failure.",
            error: this.#faults.errors["minutes"],
            onInput: (minutes) => this.#change({ minutes }),
          })}${this.#isHost ? this.#shell(draft) : nothing}
        </div>
        ${this.#isHost && draft.shell === "own" ? this.#ownShell(draft) : nothing}
      </fieldset>
      ${problemNotice(this.#faults.notice)}
      <div class="actions">
        <button
          type="button"
          class="button"
          ?disabled=${this.working}
          @click=${() => this.dispatchEvent(new Event("close"))}
        >
          Cancel
        </button>
        <button class="button primary" ?disabled=${this.working}>
          ${this.working ? "Saving" : "Save hooks"}
        </button>
      </div>
    </form>`;
  }

  #hook(name: "pre" | "post", { from, text }: HookDraft): TemplateResult {
    const change = (hook: Partial<HookDraft>) =>
      this.#change({ [name]: { from, text, ...hook } });
    const parts = {
      name,
      label: titles[name],
      value: from,
      onChange: (chosen: HookSource) => change({ from: chosen }),
    };
    return html`<section>
      ${
        this.#isHost
          ? segments<HookSource>({
              ...parts,
              options: { none: "None", own: "Script" } as Record<
                HookSource,
                string
              >,
            })
          : segments<HookSource>({
              ...parts,
              options: {
                host: "Host’s default",
                own: "Own script",
                none: "None",
              },
            })
      }
      <p class="help">${helps[name]}</p>
      ${
        from === "own"
          ? areaField({
              id: name,
              label: "Script",
              value: text,
              placeholder: examples[name],
              error: this.#faults.errors[name],
              onInput: (typed) => change({ text: typed }),
            })
          : nothing
      }
    </section>`;
  }

  #names(): TemplateResult {
    return html`<details>
      <summary>What a script knows</summary>
      <dl class="names">
        <dt><code>RM_JOB_ID</code></dt>
        <dd>the job’s id, as in its address here</dd>
        <dt><code>RM_SOURCE_GROUP</code></dt>
        <dd>the name of the source group</dd>
        <dt><code>RM_JOB_STATUS</code></dt>
        <dd>after the backup: succeeded or failed</dd>
        <dt><code>RM_SNAPSHOT_ID</code></dt>
        <dd>after the backup: its snapshot, when there is one</dd>
      </dl>
    </details>`;
  }

  #shell({ shell }: HooksDraft): TemplateResult {
    const isWindows = this.os === "windows";
    const options: Record<string, string> = {
      system: isWindows ? "The system’s (cmd)" : "The system’s (/bin/sh)",
      ...(isWindows ? { powershell: "PowerShell" } : { bash: "bash" }),
      own: "Another program",
    };
    return selectField({
      id: "shell",
      label: "Shell",
      value: shell,
      options,
      help: "Runs the scripts of every source group of this host.",
      onInput: (chosen) => this.#change({ shell: chosen as ShellChoice }),
    });
  }

  #ownShell({ ownShell }: HooksDraft): TemplateResult {
    return areaField({
      id: "ownShell",
      label: "Program and arguments",
      value: ownShell,
      placeholder: "/usr/bin/fish\n-c",
      help: "One a line; the script comes after the last.",
      error: this.#faults.errors["ownShell"],
      onInput: (typed) => this.#change({ ownShell: typed }),
    });
  }

  get #isHost(): boolean {
    return this.shell !== undefined;
  }

  #change(change: Partial<HooksDraft>): void {
    this.draft = { ...this.draft!, ...change };
    this.#faults.changed(Object.keys(change));
  }

  #submit(event: SubmitEvent, draft: HooksDraft): void {
    event.preventDefault();
    if (this.#faults.check(hooksFaults(draft)))
      this.dispatchEvent(new HooksEvent(hooksSpec(draft)));
  }
}

const examples = {
  pre: "docker stop wiki",
  post: "docker start wiki",
} as const;

declare global {
  interface HTMLElementTagNameMap {
    "rm-hooks-form": RmHooksForm;
  }
}
