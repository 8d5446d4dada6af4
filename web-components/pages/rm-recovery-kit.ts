import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import { problemNotice, segments, textField } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import { busy } from "../elements/status.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { parts } from "../styles/parts.ts";
import { Saving } from "./saving.ts";

type Way = "file" | "page";

/** For the day on which the server is gone: one file that brings every backup back with plain restic. */
@customElement("rm-recovery-kit")
export class RmRecoveryKit extends LitElement {
  static override styles = [base, form, parts];

  @property({ attribute: false }) accessor data!: Data;
  @state() accessor way: Way = "file";
  @state() accessor password = "";
  @state() accessor passphrase = "";
  readonly #saving = new Saving(this);

  override render() {
    return html`<section class="card section" aria-labelledby="kit">
      <div class="section-head"><h2 id="kit">Recovery kit</h2></div>
      <p class="small text-2">
        Addresses, passwords and the restic commands that bring every backup
        back when this server is gone. Make it again whenever a repository or a
        password changes.
      </p>
      <form
        class="fields"
        @submit=${(event: Event) => {
          event.preventDefault();
          void this.#make();
        }}
      >
        ${segments<Way>({
          name: "way",
          label: "As",
          options: { file: "Encrypted file", page: "Page to print" },
          value: this.way,
          onChange: (way) => {
            this.way = way;
          },
        })}
        ${this.way === "file" ? this.#passphrase() : this.#caution()}
        ${textField({
          id: "password",
          label: "Your password",
          type: "password",
          autocomplete: "current-password",
          value: this.password,
          error: this.#error("password"),
          onInput: (value) => {
            this.password = value;
          },
        })}
        ${problemNotice(this.#saving.problem)}
        <div class="row">
          <button class="button" ?disabled=${this.#saving.working}>
            ${this.#saving.working ? busy() : icon("download", 14)}Download
          </button>
        </div>
      </form>
    </section>`;
  }

  #passphrase(): TemplateResult {
    return textField({
      id: "passphrase",
      label: "Passphrase of the file",
      type: "password",
      autocomplete: "new-password",
      value: this.passphrase,
      help: html`At least 12 characters, kept apart from the file. It opens with
        <code>age --decrypt</code>.`,
      error: this.#error("passphrase"),
      onInput: (value) => {
        this.passphrase = value;
      },
    });
  }

  #caution(): TemplateResult {
    return html`<p class="notice warn">
      ${icon("warning")}<span
        >Whoever holds the page can read every backup. Print it, then delete the
        file.</span
      >
    </p>`;
  }

  #error(field: string): string | undefined {
    return this.#saving.problem?.fields[field];
  }

  async #make(): Promise<void> {
    const { password, passphrase } = this;
    const body = this.way === "file" ? { password, passphrase } : { password };
    await this.#saving.run(
      async () => save(await this.data.recoveryKit(body)),
      "The recovery kit is downloaded",
    );
    if (this.#saving.problem === null) {
      this.password = "";
      this.passphrase = "";
    }
  }
}

function save(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-recovery-kit": RmRecoveryKit;
  }
}
