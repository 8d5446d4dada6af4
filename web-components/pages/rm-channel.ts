import type {
  Channel,
  ChannelTest,
} from "@restic-manager/shared/api/channels.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ChannelsStore } from "../data/channels.ts";
import { type FeatureState, featureStates } from "../elements/feature-state.ts";
import { plural, relativeTime } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";
import { pill } from "../elements/status.ts";
import { Ticking } from "../elements/ticking.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { toastRefusal } from "./problem.ts";
import { notificationsStyles } from "./rm-page-notifications.styles.ts";

/** One notification channel: where it goes, how its last message went, and a message to try it. Fires `edit` and `remove`. */
@customElement("rm-channel")
export class RmChannel extends LitElement {
  static override styles = [base, parts, notificationsStyles];

  @property({ attribute: false }) accessor channel!: Channel;
  @property({ attribute: false }) accessor channels!: ChannelsStore;
  @state() accessor testing = false;
  @state() accessor result: ChannelTest | null = null;
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("channel") as Channel | undefined;
    if (before !== undefined && this.#isPast(before)) this.result = null;
  }

  override render() {
    const { channel } = this;
    const { name, kind } = channel;
    return html`<section class="card section" aria-label="Channel ${name}">
      <div class="section-head">
        <h2>${name}</h2>
        <span class="tag">${kind}</span>
        ${pill(featureStates[channelState(channel)])}
      </div>
      <dl class="pairs wide">
        <dt>Sends to</dt>
        <dd class="mono">
          ${channel.url}${channel.kind === "ntfy" ? `/${channel.topic}` : ""}
        </dd>
        <dt>Login</dt>
        <dd>${this.#login()}</dd>
        <dt>Told of</dt>
        <dd>
          ${channel.severities.length === 2 ? "every alert" : channel.severities[0] === "critical" ? "critical alerts" : "warnings"}
        </dd>
        <dt>Last delivered</dt>
        <dd class="num">
          ${channel.last_delivered_at === null ? "never; send a test" : relativeTime(Date.parse(channel.last_delivered_at), this.#clock.now)}
        </dd>
        ${
          channel.waiting === 0
            ? nothing
            : html`<dt>Waiting</dt>
                <dd class="num">${plural(channel.waiting, "message")}</dd>`
        }
      </dl>
      ${this.#outcome()}
      <div class="actions">
        <button
          class="button"
          ?disabled=${this.testing}
          aria-label="Send test to ${name}"
          @click=${() => this.#test()}
        >
          ${this.testing ? "Sending" : "Send test"}
        </button>
        <button
          class="button"
          aria-label="Edit ${name}"
          @click=${() => this.dispatchEvent(new Event("edit"))}
        >
          Edit
        </button>
        <button
          class="button danger"
          aria-label="Delete ${name}"
          @click=${() => this.dispatchEvent(new Event("remove"))}
        >
          Delete
        </button>
      </div>
    </section>`;
  }

  #login(): string {
    const { channel } = this;
    if (channel.auth === "none") return "none";
    if (channel.auth === "token") return "token, stored encrypted";
    const username = channel.kind === "ntfy" ? (channel.username ?? "") : "";
    return `${username}, password stored encrypted`;
  }

  /** What the test has just said, else why the last message did not arrive. */
  #outcome(): TemplateResult {
    const { result, channel } = this;
    const said =
      result ??
      (channel.last_error === null
        ? null
        : { ok: false, message: channel.last_error });
    return html`<div role="status">
      ${
        said === null
          ? nothing
          : html`<div class="notice ${said.ok ? "ok" : "bad"}">
              ${icon(said.ok ? "circle-check" : "warning")}<span
                >${plainText(said.message)}</span
              >
            </div>`
      }
    </div>`;
  }

  /** Whether the channel has something newer to say than its test. What a good test itself has changed is no news. */
  #isPast(before: Channel): boolean {
    const { last_error, last_delivered_at } = this.channel;
    const isNews =
      last_error !== before.last_error ||
      last_delivered_at !== before.last_delivered_at;
    return isNews && !(this.result?.ok === true && last_error === null);
  }

  async #test(): Promise<void> {
    this.testing = true;
    this.result = null;
    try {
      this.result = await this.channels.test(this.channel.id);
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.testing = false;
    }
  }
}

/** One that was never heard of may not work: that is for a test to say. */
function channelState({
  enabled,
  last_error,
  last_delivered_at,
}: Channel): FeatureState {
  if (!enabled) return "off";
  if (last_error !== null) return "failing";
  return last_delivered_at === null ? "incomplete" : "on";
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-channel": RmChannel;
  }
}
