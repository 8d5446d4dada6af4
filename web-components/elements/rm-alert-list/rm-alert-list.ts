import type { Alert } from "@restic-manager/shared/api/alerts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { AlertEvent } from "../../events/alert.ts";
import { base } from "../../styles/base.ts";
import { alertState, alertTitle } from "../alert-words.ts";
import { relativeTime, time } from "../format.ts";
import { plainText } from "../plain-text.ts";
import { pill } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { alertListStyles } from "./rm-alert-list.styles.ts";

/** Alerts with what they are about and what became of them. */
@customElement("rm-alert-list")
export class RmAlertList extends LitElement {
  static override styles = [base, alertListStyles];

  @property({ attribute: false }) accessor alerts: readonly Alert[] = [];
  /** Whether this user may acknowledge and resolve them. */
  @property({ type: Boolean }) accessor handles = false;
  /** Ids of those that are being changed. */
  @property({ attribute: false }) accessor working: ReadonlySet<string> =
    new Set();
  readonly #clock = new Ticking(this);

  override render() {
    return html`<ul aria-label="Alerts">
      ${repeat(
        this.alerts,
        ({ id }) => id,
        (alert) => this.#row(alert),
      )}
    </ul>`;
  }

  #row(alert: Alert): TemplateResult {
    return html`<li>
      <div>
        <div class="head">
          ${pill(alertState(alert))}
          <span class="title">${alertTitle(alert)}</span>
          ${this.#about(alert)}
        </div>
        <p class="message">${plainText(alert.message)}</p>
        <p class="sub num">
          ${this.#times(alert)}${
            alert.job_id === null
              ? nothing
              : html` ·
                  <a
                    class="link"
                    href="/jobs/${alert.job_id}"
                    aria-label="Log of the job: ${alertTitle(alert)}, ${alert.host_name}"
                    >Log of the job</a
                  >`
          }
        </p>
      </div>
      ${this.#actions(alert)}
    </li>`;
  }

  #about(alert: Alert): TemplateResult | typeof nothing {
    if (alert.host_id !== null)
      return html`<a class="link" href="/hosts/${alert.host_id}"
        >${plainText(alert.host_name ?? "")}</a
      >`;
    return alert.repository_id === null
      ? nothing
      : html`<a class="link" href="/repositories/${alert.repository_id}"
          >${plainText(alert.repository_name ?? "")}</a
        >`;
  }

  #times(alert: Alert): TemplateResult {
    const ago = (at: string) =>
      html`<time title=${time(Date.parse(at), "full")}
        >${relativeTime(Date.parse(at), this.#clock.now)}</time
      >`;
    const { raised_at, last_seen_at, acknowledged_at, resolved_at } = alert;
    return html`since
    ${ago(raised_at)}${last_seen_at === raised_at ? nothing : html` · again ${ago(last_seen_at)}`}${
      acknowledged_at === null
        ? nothing
        : html` · acknowledged ${ago(acknowledged_at)} by
          ${alert.acknowledged_by ?? "somebody"}`
    }${
      resolved_at === null
        ? nothing
        : html` · resolved ${ago(resolved_at)}
          ${alert.resolved_by === null ? "by itself" : `by ${alert.resolved_by}`}`
    }`;
  }

  #actions(alert: Alert): TemplateResult | typeof nothing {
    if (!this.handles || alert.state === "resolved") return nothing;
    const about = `${alertTitle(alert)}, ${alert.host_name ?? alert.repository_name ?? ""}`;
    const button = (move: AlertEvent["move"], word: string) =>
      html`<button
        class="button s"
        aria-label="${word}: ${about}"
        ?disabled=${this.working.has(alert.id)}
        @click=${() => this.dispatchEvent(new AlertEvent(alert, move))}
      >
        ${word}
      </button>`;
    return html`<div class="actions">
      ${alert.state === "open" ? button("acknowledge", "Acknowledge") : nothing}
      ${button("resolve", "Resolve")}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-alert-list": RmAlertList;
  }
}
