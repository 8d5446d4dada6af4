import type { EnrolmentToken } from "@restic-manager/shared/api/tokens.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { RevokeEvent } from "../../events/revoke.ts";
import { base } from "../../styles/base.ts";
import { relativeTime, time } from "../format.ts";
import { Ticking } from "../ticking.ts";

/** One-time tokens that can still be used, or were used a short while ago. */
@customElement("rm-token-list")
export class RmTokenList extends LitElement {
  static override styles = [
    base,
    css`
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 2px 16px;
        align-items: center;
        padding: 9px 0;
        border-top: 1px solid var(--rm-border);
        font-size: var(--rm-size-13);
      }
      .name {
        font-weight: 550;
      }
      .sub {
        color: var(--rm-text-2);
        font-size: var(--rm-size-12);
        line-height: 17px;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) accessor tokens: readonly EnrolmentToken[] =
    [];
  readonly #clock = new Ticking(this);

  override render() {
    return html`<ul aria-label="One-time tokens">
      ${this.tokens.map((token) => this.#row(token))}
    </ul>`;
  }

  #row(token: EnrolmentToken): TemplateResult {
    return html`<li>
      <div>
        <div class="name truncate">${token.hostname}</div>
        <div class="sub mono">${token.repository_url}</div>
        <div class="sub num">${this.#state(token)} by ${token.created_by}</div>
      </div>
      ${this.#action(token)}
    </li>`;
  }

  #state({ created_at, expires_at, used_at }: EnrolmentToken): string {
    const now = this.#clock.now;
    if (used_at !== null)
      return `used ${relativeTime(Date.parse(used_at), now)}, made`;
    const expires = Date.parse(expires_at);
    return `works until ${time(expires, "time")}, made ${relativeTime(Date.parse(created_at), now)}`;
  }

  #action(token: EnrolmentToken): TemplateResult | typeof nothing {
    if (token.used_at === null)
      return html`<button
        class="button s danger"
        aria-label="Revoke the token of ${token.hostname}"
        @click=${() => this.dispatchEvent(new RevokeEvent(token))}
      >
        Revoke
      </button>`;
    if (token.host_id === null) return nothing;
    return html`<a
      class="button s"
      href="/hosts/${token.host_id}"
      aria-label="Open ${token.hostname}"
      >Open host</a
    >`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-token-list": RmTokenList;
  }
}
