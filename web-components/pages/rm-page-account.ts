import type { Session, VersionInfo } from "@restic-manager/shared/api/auth.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { flagStyles } from "../elements/command.ts";
import { segments } from "../elements/field.ts";
import { time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { LogoutEvent } from "../events/logout.ts";
import { ThemeEvent } from "../events/theme.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { accountStyles } from "./rm-page-account.styles.ts";
import { toastRefusal } from "./problem.ts";
import "../elements/rm-copy/rm-copy.ts";
import "./rm-account-sessions.ts";
import "./rm-recovery-kit.ts";

type Theme = ThemeEvent["theme"];

/** `/account`: who one is here, how it looks, and what this is. */
@customElement("rm-page-account")
export class RmPageAccount extends LitElement {
  static override styles = [base, form, page, parts, flagStyles, accountStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor theme: Theme = "system";
  @state() accessor version: VersionInfo | null = null;
  readonly #session = new Watch<Loadable<Session>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("data")) return;
    this.#session.watch(this.data.session);
    void this.#loadVersion();
  }

  override render() {
    return html`<div class="header"><h1 tabindex="-1">Account</h1></div>
      <div class="cards">
        ${this.#user()}
        <rm-account-sessions .data=${this.data}></rm-account-sessions>
        ${
          this.data.session.can("kit.export")
            ? html`<rm-recovery-kit .data=${this.data}></rm-recovery-kit>`
            : nothing
        }
        ${this.#appearance()}${this.#about()}
      </div>`;
  }

  #user(): TemplateResult | typeof nothing {
    const session = this.#session.value;
    if (session?.state !== "ready" || session.value.user === null)
      return nothing;
    const { username, role } = session.value.user;
    return html`<section class="card section">
      <div class="section-head"><h2>Signed in</h2></div>
      <dl class="pairs wide">
        <dt>User</dt>
        <dd>${username}</dd>
        <dt>Role</dt>
        <dd>${role}</dd>
        ${
          session.value.expires_at === null
            ? nothing
            : html`<dt>Session ends</dt>
                <dd class="num">
                  ${time(Date.parse(session.value.expires_at), "dayTime")}
                </dd>`
        }
      </dl>
      <button
        class="button"
        @click=${() => this.dispatchEvent(new LogoutEvent())}
      >
        ${icon("log-out", 14)}Log out
      </button>
    </section>`;
  }

  #appearance(): TemplateResult {
    return html`<section class="card section">
      <div class="section-head"><h2>Appearance</h2></div>
      ${segments<Theme>({
        name: "theme",
        label: "Theme",
        options: { system: "As the system", light: "Light", dark: "Dark" },
        value: this.theme,
        onChange: (theme) => this.dispatchEvent(new ThemeEvent(theme)),
      })}
    </section>`;
  }

  #about(): TemplateResult {
    const version = this.version;
    return html`<section class="card section">
      <div class="section-head"><h2>About restic-manager</h2></div>
      <dl class="pairs wide">
        <dt>Version</dt>
        <dd class="num">${version?.version ?? "–"}</dd>
        ${
          version === null
            ? nothing
            : html`<dt>Commit</dt>
                <dd>
                  <span class="mono">${version.commit.slice(0, 12)}</span>
                </dd>
                <dt>Built from</dt>
                <dd class="num">${version.commit_date.slice(0, 10)}</dd>`
        }
        <dt>Licence</dt>
        <dd>PolyForm Noncommercial 1.0.0</dd>
        <dt>Included</dt>
        <dd>
          restic, NATS server, Geist; see
          <span class="mono flag">--licenses</span>
        </dd>
      </dl>
      ${version === null ? nothing : this.#serverKey(version.server_key)}
    </section>`;
  }

  #serverKey(key: string): TemplateResult {
    return html`<div class="server-key">
      <p class="small text-2">
        Key of this server, for
        <span class="mono flag">--server-key</span>
      </p>
      <div class="row">
        <code>${key}</code>
        <rm-copy
          compact
          label="Copy the key of this server"
          .value=${key}
        ></rm-copy>
      </div>
    </div>`;
  }

  async #loadVersion(): Promise<void> {
    try {
      this.version = await this.data.version();
    } catch (error) {
      toastRefusal(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-account": RmPageAccount;
  }
}
