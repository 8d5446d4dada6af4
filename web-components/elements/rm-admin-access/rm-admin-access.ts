import type {
  AdminCredentialSpec,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { AdminCredentialEvent } from "../../events/admin-credential.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { parts } from "../../styles/parts.ts";
import { type FeatureState, featureStates } from "../feature-state.ts";
import {
  areaField,
  type FormProblem,
  focusProblem,
  problemNotice,
  segments,
  textField,
} from "../field.ts";
import { relativeTime, time } from "../format.ts";
import { pill } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { isOwnAccess } from "../upkeep-words.ts";
import {
  addressOf,
  adminSpec,
  type Draft,
  draftOf,
  type Field,
} from "./admin-draft.ts";

const modes = {
  own: "The same access",
  other: "Other access",
} as const;

const nothingSaid: FormProblem = {
  message: "Say what differs, or choose the same access.",
  code: "",
  fields: { url: "Name another address, or give another login below." },
};

/** Access that may delete. It can be set, replaced and taken away, never read. Fires `close` when the form is left. */
@customElement("rm-admin-access")
export class RmAdminAccess extends LitElement {
  static override styles = [
    base,
    form,
    parts,
    css`
      form {
        margin-top: 16px;
        padding-top: 16px;
        border-top: 1px solid var(--rm-border);
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        justify-content: flex-end;
      }
      .lead {
        margin-bottom: 10px;
      }
    `,
  ];

  @property({ attribute: false }) accessor repository!: Repository;
  /** Whether this user may set and drop it. */
  @property({ type: Boolean }) accessor edits = false;
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  /** Grows with every change that was saved; the form then closes. */
  @property({ type: Number }) accessor saves = 0;
  @state() accessor draft: Draft | null = null;
  @state() accessor fault: FormProblem | null = null;
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("saves")) this.draft = null;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("problem") || changed.has("fault"))
      if (this.#shownProblem !== null) focusProblem(this.renderRoot);
  }

  /** Opens the form. */
  edit(): void {
    this.fault = null;
    this.draft = draftOf(this.repository);
  }

  /** Leaves the form. */
  close(): void {
    this.draft = null;
    this.dispatchEvent(new Event("close"));
  }

  override render() {
    const { admin } = this.repository;
    const isEditing = this.draft !== null;
    return html`<section class="card section" aria-label="Admin credential">
      <div class="section-head">
        <h2>Admin credential</h2>
        ${pill(featureStates[this.#state])}
        <span class="spring"></span>
        ${
          this.edits && !isEditing
            ? html`<button
                class="button s"
                aria-label="${admin.set ? "Replace" : "Set"} the admin credential"
                @click=${() => this.edit()}
              >
                ${admin.set ? "Replace" : "Set"}
              </button>`
            : nothing
        }
      </div>
      ${isEditing ? nothing : this.#facts()}
      ${this.draft === null ? nothing : this.#form(this.draft)}
    </section>`;
  }

  /** Without retention nothing is deleted, and nothing is missing. */
  get #state(): FeatureState {
    const { admin, retention } = this.repository;
    if (admin.set) return "on";
    return retention.state === "off" ? "off" : "incomplete";
  }

  #facts(): TemplateResult {
    const { admin } = this.repository;
    if (!admin.set)
      return html`<p class="small text-2">
        None. Forget and prune need access that may delete; without it every
        snapshot stays. It is kept sealed on the server and handed to the host
        that does the upkeep for one job at a time.
      </p>`;
    const row = (label: string, value: unknown) =>
      html`<dt>${label}</dt>
        <dd>${value}</dd>`;
    const at = admin.updated_at === null ? null : Date.parse(admin.updated_at);
    return html`<dl class="pairs">
      ${
        admin.url === null
          ? row("Address", "the same")
          : row("Address", html`<span class="mono">${admin.url}</span>`)
      }
      ${row("Repository password", admin.password_set ? "another, set" : "the same")}
      ${admin.username === null ? nothing : row("User", admin.username)}
      ${admin.user_password_set ? row("Password of the user", "set") : nothing}
      ${admin.env_names.map((name) => row(name, "set"))}
      ${admin.ca_set ? row("Certificate authority", "set") : nothing}
      ${at === null ? nothing : row("Changed", html`<span class="num" title=${time(at, "full")}>${relativeTime(at, this.#clock.now)}</span>`)}
    </dl>`;
  }

  #form(draft: Draft): TemplateResult {
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        this.#save(draft);
      }}
    >
      ${segments({
        name: "mode",
        label: "What may delete",
        options: modes,
        value: draft.mode,
        onChange: (mode) => {
          this.draft = { ...draft, mode };
        },
      })}
      ${
        draft.mode === "own"
          ? html`<p class="help">
              The access that the hosts back up with may delete already. If it
              may not, forget and prune fail and say so.
            </p>`
          : this.#otherFields(draft)
      }
      ${problemNotice(this.#shownProblem)}
      <div class="actions">
        ${
          this.repository.admin.set
            ? html`<button
                type="button"
                class="button danger"
                ?disabled=${this.working}
                @click=${() => this.#send(null)}
              >
                Delete admin credential
              </button>`
            : nothing
        }
        <button
          type="button"
          class="button"
          ?disabled=${this.working}
          @click=${() => this.close()}
        >
          Cancel
        </button>
        <button class="button primary" ?disabled=${this.working}>
          Save admin credential
        </button>
      </div>
    </form>`;
  }

  #otherFields(draft: Draft): TemplateResult {
    const url = addressOf(draft);
    const typed = repoKind(url);
    // Fields do not come and go while an address is half typed.
    const kind = typed ?? repoKind(this.repository.url);
    const hasLogin = kind === "rest";
    const hasKeys = kind === "s3";
    return html`<p class="help">
        Say what differs; what stays empty is taken from the repository’s own
        access, or stays as it was set before.
      </p>
      ${this.#text("url", "Another address of the same repository", {
        code: true,
        help:
          url === ""
            ? "For example the second port of a rest-server that is not append-only, or a folder on the host that does the upkeep."
            : typed === null
              ? "Use https://…, s3:…, sftp:… or a folder."
              : `restic calls it ${url}`,
        placeholder: this.repository.url,
      })}
      ${
        hasLogin
          ? html`<div class="pair">
              ${this.#text("username", "User")}${this.#text("user_password", "Password of the user", { secret: true })}
            </div>`
          : nothing
      }
      ${
        hasKeys
          ? html`<div class="pair">
              ${this.#text("key_id", "Access key ID")}${this.#text("secret", "Secret access key", { secret: true })}
            </div>`
          : nothing
      }
      ${this.#text("password", "Repository password, if it is another one", { secret: true })}
      ${
        hasLogin || hasKeys
          ? areaField({
              id: "ca",
              label: "Certificate authority (PEM)",
              value: this.draft?.ca ?? "",
              error: this.#shownProblem?.fields["ca"],
              onInput: (value) => this.#change("ca", value),
            })
          : nothing
      }`;
  }

  #text(
    id: Field,
    label: string,
    more: {
      secret?: boolean;
      code?: boolean;
      help?: string;
      placeholder?: string;
    } = {},
  ): TemplateResult {
    const { secret = false, ...rest } = more;
    return textField({
      id,
      label,
      value: this.draft?.[id] ?? "",
      error: this.#shownProblem?.fields[id],
      ...rest,
      ...(secret ? { type: "password", autocomplete: "new-password" } : {}),
      onInput: (value) => this.#change(id, value),
    });
  }

  #change(id: Field, value: string): void {
    if (this.draft !== null) this.draft = { ...this.draft, [id]: value };
  }

  #save(draft: Draft): void {
    const spec = adminSpec(draft, this.repository);
    const isEmpty = draft.mode === "other" && Object.keys(spec).length === 0;
    const differs = !isOwnAccess(this.repository.admin);
    this.fault = isEmpty && !differs ? nothingSaid : null;
    if (this.fault === null) this.#send(spec);
  }

  get #shownProblem(): FormProblem | null {
    return this.fault ?? this.problem;
  }

  #send(spec: AdminCredentialSpec | null): void {
    this.dispatchEvent(new AdminCredentialEvent(spec));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-admin-access": RmAdminAccess;
  }
}
