import type {
  Repository,
  RepositoryPatch,
} from "@restic-manager/shared/api/repos.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { RepositoryEvent } from "../../events/repository.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { parts } from "../../styles/parts.ts";
import {
  areaField,
  type FormProblem,
  focusProblem,
  problemNotice,
  textField,
} from "../field.ts";
import { given } from "../given.ts";
import { repositoryStyles } from "./rm-repository.styles.ts";

const appendOnlyTexts: Readonly<Record<Repository["append_only"], string>> = {
  no: "not known",
  claimed: "yes, not tried yet",
  proven: "yes, deleting was refused",
};

type Field =
  "password" | "username" | "user_password" | "ca" | "key_id" | "secret";
type Draft = Readonly<Record<Field, string>>;

const blank: Draft = {
  password: "",
  username: "",
  user_password: "",
  ca: "",
  key_id: "",
  secret: "",
};

/**
 * A repository: its address, and that its secrets are set. They can be replaced, never read. Fires `close` when the form
 * is left.
 */
@customElement("rm-repository")
export class RmRepository extends LitElement {
  static override styles = [base, form, parts, repositoryStyles];

  @property({ attribute: false }) accessor repository!: Repository;
  /** Whether this user may replace secrets. */
  @property({ type: Boolean }) accessor edits = false;
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  /** Grows with every change that was saved; the form then closes. */
  @property({ type: Number }) accessor saves = 0;
  @state() accessor editing = false;
  @state() accessor draft: Draft = blank;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("saves")) return;
    this.editing = false;
    this.draft = blank;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("problem") && this.problem !== null)
      focusProblem(this.renderRoot);
  }

  override render() {
    const { repository } = this;
    return html`<section
      class="card section"
      aria-label="Access to ${repository.name}"
    >
      <div class="section-head">
        <h2>Access</h2>
        <span class="spring"></span>
        ${
          this.edits && !this.editing
            ? html`<button
                class="button s"
                @click=${() => {
                  this.editing = true;
                }}
              >
                Replace credentials
              </button>`
            : nothing
        }
      </div>
      ${this.#facts(repository)}${this.editing ? this.#form(repository) : nothing}
    </section>`;
  }

  #facts({
    url,
    repository_id,
    append_only,
    credential,
  }: Repository): TemplateResult {
    return html`<dl class="pairs">
      <dt>Address</dt>
      <dd class="mono">${url}</dd>
      <dt>restic ID</dt>
      <dd class="mono" title=${repository_id ?? nothing}>
        ${repository_id?.slice(0, 10) ?? "–"}
      </dd>
      <dt>Append-only</dt>
      <dd>${appendOnlyTexts[append_only]}</dd>
      <dt>Repository password</dt>
      <dd>${setOrNot(credential.password_set)}</dd>
      ${
        credential.username === null
          ? nothing
          : html`<dt>User</dt>
              <dd>${credential.username}</dd>`
      }
      ${
        credential.user_password_set
          ? html`<dt>Password of the user</dt>
              <dd>${setOrNot(true)}</dd>`
          : nothing
      }
      ${credential.env_names.map(
        (name) =>
          html`<dt class="mono">${name}</dt>
            <dd>${setOrNot(true)}</dd>`,
      )}
      ${
        credential.ca_set
          ? html`<dt>Certificate authority</dt>
              <dd>${setOrNot(true)}</dd>`
          : nothing
      }
    </dl>`;
  }

  #form({ url }: Repository): TemplateResult {
    const kind = repoKind(url);
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event)}
    >
      <p class="help">
        What stays empty stays as it is. The agent uses the new values from its
        next job on.
      </p>
      ${this.#text("password", "Repository password", true)}
      ${
        kind === "rest"
          ? html`<div class="pair">
              ${this.#text("username", "User", false)}${this.#text("user_password", "Password of the user", true)}
            </div>`
          : nothing
      }
      ${
        kind === "s3"
          ? html`<div class="pair">
              ${this.#text("key_id", "Access key ID", false)}${this.#text("secret", "Secret access key", true)}
            </div>`
          : nothing
      }
      ${kind === "rest" || kind === "s3" ? this.#authority() : nothing}
      ${problemNotice(this.problem)}
      <div class="actions">
        <button
          type="button"
          class="button"
          ?disabled=${this.working}
          @click=${() => {
            this.editing = false;
            this.draft = blank;
            this.dispatchEvent(new Event("close"));
          }}
        >
          Cancel
        </button>
        <button
          class="button primary"
          ?disabled=${this.working || this.#isBlank}
        >
          Save credentials
        </button>
      </div>
    </form>`;
  }

  #text(id: Field, label: string, secret: boolean): TemplateResult {
    return textField({
      id,
      label,
      value: this.draft[id],
      error: this.problem?.fields[id],
      ...(secret ? { type: "password", autocomplete: "new-password" } : {}),
      onInput: (value) => this.#change(id, value),
    });
  }

  #authority(): TemplateResult {
    return areaField({
      id: "ca",
      label: "Certificate authority (PEM)",
      value: this.draft.ca,
      error: this.problem?.fields["ca"],
      onInput: (value) => this.#change("ca", value),
    });
  }

  #change(id: Field, value: string): void {
    this.draft = { ...this.draft, [id]: value };
  }

  get #isBlank(): boolean {
    return Object.values(this.draft).every((value) => value === "");
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const { key_id, secret, ...own } = this.draft;
    const env = given({
      AWS_ACCESS_KEY_ID: key_id,
      AWS_SECRET_ACCESS_KEY: secret,
    });
    const patch: RepositoryPatch =
      Object.keys(env).length === 0 ? given(own) : { ...given(own), env };
    this.dispatchEvent(new RepositoryEvent(this.repository.id, patch));
  }
}

function setOrNot(set: boolean): string {
  return set ? "set" : "not set";
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-repository": RmRepository;
  }
}
