import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { UpkeepAction } from "../data/maintenance.ts";
import { dialogActions } from "../elements/dialog-actions.ts";
import { problemNotice, textField } from "../elements/field.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { consequenceStyles } from "./consequences.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-dialog/rm-dialog.ts";

interface Words {
  readonly heading: string;
  readonly goes: readonly string[];
  readonly stays: readonly string[];
  readonly confirm: string;
  /** Whether the repository's name is to be typed. */
  readonly typed: boolean;
}

export type ConfirmedAction = Exclude<UpkeepAction, "unlock">;

const words: Readonly<Record<ConfirmedAction, Words>> = {
  forget: {
    heading: "Forget snapshots of",
    goes: [
      "snapshots that the retention of their source group lets go, of every group that has one",
    ],
    stays: [
      "what the retention keeps",
      "snapshots of source groups without a retention, and of other machines",
      "the data itself, until prune frees its space",
    ],
    confirm: "Forget snapshots",
    typed: false,
  },
  prune: {
    heading: "Prune",
    goes: ["data that no snapshot needs any more, for good"],
    stays: ["every snapshot that is listed"],
    confirm: "Prune repository",
    typed: true,
  },
  check: {
    heading: "Check",
    goes: [],
    stays: [],
    confirm: "Check repository",
    typed: false,
  },
  "unlock-all": {
    heading: "Remove all locks of",
    goes: [
      "every lock, also of processes that are at work: a prune beside another job can damage the repository",
    ],
    stays: ["snapshots and data"],
    confirm: "Remove all locks",
    typed: true,
  },
  reinit: {
    heading: "Re-initialise",
    goes: [
      "nothing: where a repository is, it is left alone and this job fails",
    ],
    stays: [
      "schedules, source groups and the password",
      "the list of jobs; the old snapshots are lost with what was lost",
    ],
    confirm: "Re-initialise repository",
    typed: true,
  },
};

/** Asks before upkeep that takes something away, and how much a check is to read. Fires `close`. */
@customElement("rm-confirm-upkeep")
export class RmConfirmUpkeep extends LitElement {
  static override styles = [base, form, consequenceStyles];

  @property() accessor action!: ConfirmedAction;
  @property() accessor name = "";
  /** What a check reads by itself, in percent. */
  @property({ type: Number }) accessor subset = 0;
  @property({ attribute: false }) accessor start!: (
    body: object,
  ) => Promise<void>;
  @state() accessor typed = "";
  @state() accessor percent = "";
  readonly #saving = new Saving(this);

  override render() {
    const { working, problem } = this.#saving;
    const { heading, confirm, typed } = words[this.action];
    const differs = typed && this.typed.trim() !== this.name;
    return html`<rm-dialog
      heading="${heading} ${this.name}"
      ?locked=${working}
      @close=${() => this.dispatchEvent(new Event("close"))}
    >
      <form
        novalidate
        @submit=${(event: SubmitEvent) => this.#submit(event, differs)}
      >
        ${this.action === "check" ? this.#subset() : this.#consequences()}
        ${typed ? this.#nameField() : nothing} ${problemNotice(problem)}
      </form>
      ${dialogActions({
        label: working ? "Starting" : confirm,
        tone: typed ? "danger" : "primary",
        working,
        blocked: differs,
        onCancel: () => this.dispatchEvent(new Event("close")),
        onConfirm: () => this.renderRoot.querySelector("form")?.requestSubmit(),
      })}
    </rm-dialog>`;
  }

  #consequences(): TemplateResult {
    const { goes, stays } = words[this.action];
    const list = (title: string, items: readonly string[]) =>
      html`<section>
        <h3>${title}</h3>
        <ul>
          ${items.map((item) => html`<li>${item}</li>`)}
        </ul>
      </section>`;
    return html`${
        this.action === "reinit"
          ? html`<p>
              Makes a new, empty repository at the address of
              <strong>${this.name}</strong>, for the case that the storage was
              lost. The first backup afterwards saves everything again.
            </p>`
          : nothing
      }
      <div class="consequences">
        ${list("Goes", goes)}${list("Stays", stays)}
      </div>`;
  }

  #subset(): TemplateResult {
    return html`<p>
        Reads the structure of <strong>${this.name}</strong>, and as much of its
        data as you say. What is read is transferred.
      </p>
      ${textField({
        id: "subset_pct",
        label: "Part of the data to read, in percent",
        type: "number",
        value: this.percent === "" ? String(this.subset) : this.percent,
        error: this.#saving.problem?.fields["subset_pct"],
        onInput: (percent) => {
          this.percent = percent;
        },
      })}`;
  }

  #nameField(): TemplateResult {
    return textField({
      id: "name",
      label: `Type ${this.name} to go on`,
      value: this.typed,
      code: true,
      error: this.#saving.problem?.fields["name"],
      onInput: (typed) => {
        this.typed = typed;
      },
    });
  }

  #submit(event: SubmitEvent, differs: boolean): void {
    event.preventDefault();
    if (differs) return;
    void this.#saving.run(() => this.start(this.#body));
  }

  get #body(): object {
    if (this.action === "reinit") return { name: this.typed.trim() };
    return this.action === "check" && this.percent.trim() !== ""
      ? { subset_pct: Number(this.percent) }
      : {};
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-confirm-upkeep": RmConfirmUpkeep;
  }
}
