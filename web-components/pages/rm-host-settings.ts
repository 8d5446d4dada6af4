import type {
  HostDetail,
  HostKey,
  HostPatch,
} from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import type { HostPatchEvent } from "../events/host-patch.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { hostSettingsStyles } from "./rm-host-settings.styles.ts";
import { Saving } from "./saving.ts";
import { Unsaved } from "./unsaved.ts";
import "../elements/rm-host-options/rm-host-options.ts";
import "../elements/rm-fingerprint/rm-fingerprint.ts";
import "./rm-remove-host.ts";
import "./rm-rotate-key.ts";

/** What is set of a host, the key a host proves itself with, the keys it had, and the way out of the fleet. */
@customElement("rm-host-settings")
export class RmHostSettings extends LitElement {
  static override styles = [base, parts, hostSettingsStyles];

  @property({ attribute: false }) accessor host!: HostDetail;
  @property({ attribute: false }) accessor mayEdit!: () => boolean;
  /** Null when this user may not. */
  @property({ attribute: false }) accessor patch:
    ((patch: HostPatch) => Promise<void>) | null = null;
  @property({ attribute: false }) accessor rotateKey:
    (() => Promise<void>) | null = null;
  @property({ attribute: false }) accessor removeHost:
    ((typed: string, leaveKeys: boolean) => Promise<void>) | null = null;
  @state() accessor dialog: "" | "rotate" | "remove" = "";
  readonly #saving = new Saving(this);
  readonly #unsaved = new Unsaved(
    this,
    // Nobody who is logged out any more can save.
    () =>
      this.mayEdit() &&
      this.dialog !== "remove" &&
      this.renderRoot.querySelector("rm-host-options")?.draft != null,
  );

  override render() {
    return html`${this.#options()}${this.#identity()}${this.#danger()}${this.#dialog()}${this.#unsaved.question()}`;
  }

  #options(): TemplateResult {
    const { patch } = this;
    return html`<rm-host-options
      .host=${this.host}
      .edits=${patch !== null}
      .working=${this.#saving.working}
      .problem=${this.#saving.problem}
      .saves=${this.#saving.saves}
      @rm-host-patch=${(event: HostPatchEvent) =>
        patch === null
          ? undefined
          : void this.#saving.run(() => patch(event.patch))}
    ></rm-host-options>`;
  }

  #identity(): TemplateResult {
    const { name, fingerprint, keys, online } = this.host;
    return html`<section class="card section" aria-labelledby="identity">
      <div class="section-head">
        <h2 id="identity">Identity</h2>
        <span class="spring"></span>
        ${
          this.rotateKey === null
            ? nothing
            : html`<button
                class="button s"
                ?disabled=${!online}
                title=${online ? nothing : "The agent is offline; it has to make the new key itself"}
                @click=${() => {
                  this.dialog = "rotate";
                }}
              >
                ${icon("key", 13)}Replace key
              </button>`
        }
      </div>
      <p class="lead">
        ${name} proves with this key that it is itself. On the host,
        <code>restic-manager-agent status</code> shows the same fingerprint.
      </p>
      <rm-fingerprint .value=${fingerprint} .hostname=${name}></rm-fingerprint>
      <h3>Keys so far</h3>
      <ol class="keys">
        ${keys.map(
          (key) =>
            html`<li>
              <span class="mono">${key.fingerprint}</span>
              <span class="num text-2">${period(key)}</span>
            </li>`,
        )}
      </ol>
    </section>`;
  }

  #danger(): TemplateResult | typeof nothing {
    if (this.removeHost === null) return nothing;
    return html`<section
      class="card section danger-zone"
      aria-labelledby="danger"
    >
      <h2 id="danger">Danger zone</h2>
      <div class="row">
        <p>
          <strong>Remove this host.</strong> Its access ends at once, and its
          settings, jobs and logs go. What it has backed up stays in its
          repository.
        </p>
        <button
          class="button danger"
          @click=${() => {
            this.dialog = "remove";
          }}
        >
          ${icon("trash", 14)}Remove host
        </button>
      </div>
    </section>`;
  }

  #dialog(): TemplateResult | typeof nothing {
    const { name, fingerprint } = this.host;
    const close = () => {
      this.dialog = "";
    };
    if (this.dialog === "remove" && this.removeHost !== null)
      return html`<rm-remove-host
        .name=${name}
        .removeHost=${this.removeHost}
        @close=${close}
      ></rm-remove-host>`;
    if (this.dialog === "rotate" && this.rotateKey !== null)
      return html`<rm-rotate-key
        .name=${name}
        .fingerprint=${fingerprint}
        .rotate=${this.rotateKey}
        @close=${close}
      ></rm-rotate-key>`;
    return nothing;
  }
}

function period({ since, until }: HostKey): TemplateResult {
  const moment = (at: string) =>
    html`<span title=${time(Date.parse(at), "full")}
      >${time(Date.parse(at), "date")}</span
    >`;
  return until === null
    ? html`<span class="pill ok">in use</span> since ${moment(since)}`
    : html`${moment(since)} – ${moment(until)}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-settings": RmHostSettings;
  }
}
