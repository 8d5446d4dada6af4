import type { PendingHost } from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { CompareEvent } from "../../events/compare.ts";
import { PendingEvent } from "../../events/pending.ts";
import { base } from "../../styles/base.ts";
import { plural, relativeTime } from "../format.ts";
import { icon } from "../icon.ts";
import { platform } from "../platform.ts";
import { Ticking } from "../ticking.ts";
import { pendingNotices } from "./pending-notices.ts";
import { pendingStyles } from "./rm-pending.styles.ts";
import "../rm-fingerprint/rm-fingerprint.ts";

interface Comparison {
  readonly typed: string;
  readonly match: boolean | null;
}

const nothingTyped: Comparison = { typed: "", match: null };

/** The hosts that wait for a person's decision. */
@customElement("rm-pending")
export class RmPending extends LitElement {
  static override styles = [base, pendingStyles];

  @property({ attribute: false }) accessor pending: readonly PendingHost[] = [];
  /** Whether this user may decide. */
  @property({ type: Boolean }) accessor decides = false;
  @state() accessor compared: ReadonlyMap<string, Comparison> = new Map();
  readonly #clock = new Ticking(this);

  override render() {
    const waiting =
      this.pending.length === 1
        ? "1 host is"
        : `${plural(this.pending.length, "host")} are`;
    return html`<section aria-labelledby="heading">
      <header>
        ${icon("fingerprint", 17)}
        <h2 id="heading">${waiting} waiting for approval</h2>
        <p>
          Compare each fingerprint with the one on the host’s own terminal
          before you accept.
        </p>
      </header>
      <ul>
        ${repeat(
          this.pending,
          (host) => host.id,
          (host) => this.#row(host),
        )}
      </ul>
    </section>`;
  }

  #row(host: PendingHost): TemplateResult {
    const { typed, match } = this.compared.get(host.id) ?? nothingTyped;
    const now = this.#clock.now;
    return html`<li>
      <div class="who">
        <h3 class="truncate" title=${host.hostname}>${host.hostname}</h3>
        <p class="num">${platform(host)} · ${host.announced_from_ip}</p>
        <p class="num">
          announced ${relativeTime(Date.parse(host.announced_at), now)}, expires
          ${relativeTime(Date.parse(host.expires_at), now)}
        </p>
      </div>
      <rm-fingerprint
        .value=${host.fingerprint}
        .hostname=${host.hostname}
        .typed=${typed}
        @rm-compare=${(event: CompareEvent) => this.#remember(host.id, event)}
      ></rm-fingerprint>
      ${
        this.decides
          ? html`<div class="actions">
              <button
                class="button"
                aria-label="Reject ${host.hostname}"
                @click=${() => this.dispatchEvent(new PendingEvent(host, "reject", typed))}
              >
                Reject
              </button>
              <button
                class="button primary"
                aria-label="Accept ${host.hostname}"
                ?disabled=${match === false}
                @click=${() => this.dispatchEvent(new PendingEvent(host, "accept", typed))}
              >
                Accept
              </button>
            </div>`
          : nothing
      }
      ${pendingNotices(host)}
    </li>`;
  }

  #remember(id: string, { typed, match }: CompareEvent): void {
    this.compared = new Map(this.compared).set(id, { typed, match });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-pending": RmPending;
  }
}
