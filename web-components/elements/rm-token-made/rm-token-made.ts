import type {
  TokenBody,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { SavedEvent } from "../../events/saved.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { command, commandStyles } from "../command.ts";
import { checkField } from "../field.ts";
import { relativeTime, time } from "../format.ts";
import { icon } from "../icon.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { tokenMadeStyles } from "./rm-token-made.styles.ts";
import "../rm-copy/rm-copy.ts";

/** A new one-time token: the command that uses it, and the secrets that are shown this once. */
@customElement("rm-token-made")
export class RmTokenMade extends LitElement {
  static override styles = [base, form, commandStyles, tokenMadeStyles];

  @property({ attribute: false }) accessor made!: TokenMade;
  @property({ attribute: false }) accessor body!: TokenBody;
  /** Whether the person has said that the secrets are kept elsewhere. */
  @property({ type: Boolean }) accessor saved = false;
  /** Id of the host that has used the token; empty until then. */
  @property() accessor hostId = "";
  readonly #clock = new Ticking(this);
  #file = "";

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("made")) return;
    URL.revokeObjectURL(this.#file);
    const script = new Blob([this.made.script], { type: "text/x-shellscript" });
    this.#file = URL.createObjectURL(script);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    URL.revokeObjectURL(this.#file);
  }

  override render() {
    const { hostname } = this.body;
    return html`${this.#secrets()}
      <section>
        <h3>Run this on ${hostname}, in a terminal of root</h3>
        ${command("#", this.made.command.trimEnd().split("\n"), { continued: true })}
        <p class="or">
          Or take the same as a script there and run
          <code>sudo bash ${this.made.script_name}</code>
          <a
            class="button s"
            href=${this.#file}
            download=${this.made.script_name}
            >${icon("download", 13)}Download ${this.made.script_name}</a
          >
        </p>
        <p class="help">${this.#expiry()}</p>
      </section>
      <p class="wait" role="status">
        ${
          this.hostId === ""
            ? html`${busy()}Waiting for ${hostname}`
            : html`<span class="ok">${icon("circle-check")}</span
                ><span
                  >${hostname} has joined.
                  <a class="link" href="/hosts/${this.hostId}">Open it</a></span
                >`
        }
      </p>`;
  }

  #expiry(): string {
    const at = Date.parse(this.made.expires_at);
    return `Works once, until ${time(at, "time")} (${relativeTime(at, this.#clock.now)}). Whoever has it can join as this host: treat it like a password. It is not shown again.`;
  }

  #secrets(): TemplateResult | typeof nothing {
    const { minted_password, minted_user_password, htpasswd } = this.made;
    const user = this.body.repository.credential.username ?? "";
    const secrets = [
      secret(
        "Repository password",
        minted_password,
        "Without it nobody restores anything, should this server and the host be lost together.",
      ),
      secret(`Password of ${user} at the REST server`, minted_user_password),
      secret(
        "Line for the REST server’s htpasswd file",
        htpasswd,
        "Add it before the first backup, otherwise the REST server refuses the login.",
      ),
    ].filter((part) => part !== nothing);
    if (secrets.length === 0) return nothing;
    return html`<section class="secrets">
      <h3>${icon("key")}Shown this once</h3>
      ${secrets}
      ${checkField({
        id: "saved",
        label: "I have saved it",
        checked: this.saved,
        onChange: (saved) => this.dispatchEvent(new SavedEvent(saved)),
      })}
    </section>`;
  }
}

function secret(
  label: string,
  value: string | null,
  help = "",
): TemplateResult | typeof nothing {
  if (value === null) return nothing;
  return html`<div class="secret">
    <div class="label">${label}</div>
    <div class="value">
      <code>${value}</code>
      <rm-copy label="Copy: ${label}" .value=${value}></rm-copy>
    </div>
    ${help === "" ? nothing : html`<p class="help">${help}</p>`}
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-token-made": RmTokenMade;
  }
}
