import type { Channel } from "@restic-manager/shared/api/channels.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { dialogActions } from "../elements/dialog-actions.ts";
import { problemNotice } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import type { ChannelEvent } from "../events/channel.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { notificationsStyles } from "./rm-page-notifications.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-channel-form/rm-channel-form.ts";
import "../elements/rm-dialog/rm-dialog.ts";
import "./rm-channel.ts";

/** `/settings/notifications`: the ways in which people are told of alerts. */
@customElement("rm-page-notifications")
export class RmPageNotifications extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    placeholderStyles,
    notificationsStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  /** What the form is about: null a new channel, undefined no form. */
  @state() accessor edited: Channel | null | undefined;
  @state() accessor removed: Channel | undefined;
  readonly #channels = new Watch<Loadable<readonly Channel[]>>(this);
  #saving = new Saving(this);

  override willUpdate(): void {
    // Only who may change them may see them.
    if (this.#manages) this.#channels.watch(this.data.channels.list);
  }

  override render() {
    const channels = this.#channels.value;
    if (channels?.state === "failed")
      return loadFailed(
        "Notification channels",
        channels.error,
        () => void this.data.channels.list.reload(),
      );
    return html`${breadcrumb([["/alerts", "Alerts"]], "Notification channels")}
      <div class="header">
        <div>
          <h1 tabindex="-1">Notification channels</h1>
          <p class="text-2">
            Who is told when an alert opens, is acknowledged or ends.
          </p>
        </div>
        <span class="spring"></span>
        ${
          this.#manages
            ? html`<button
                class="button primary"
                @click=${() => this.#open(null)}
              >
                ${icon("plus", 15)}Add channel
              </button>`
            : nothing
        }
      </div>
      ${this.#manages ? this.#body(channels) : this.#notAllowed()}
      ${this.#form()}${this.#removal()}`;
  }

  #body(channels: Loadable<readonly Channel[]> | undefined): TemplateResult {
    if (channels?.state !== "ready") return rowsSkeleton(3);
    if (channels.value.length === 0)
      return html`<div class="card nothing">
        <h2>Nobody is told yet</h2>
        <p>
          Alerts show in this dashboard only. Add a channel so that a failed
          backup reaches somebody.
        </p>
      </div>`;
    return html`<div class="channels">
      ${repeat(
        channels.value,
        ({ id }) => id,
        (channel) =>
          html`<rm-channel
            .channel=${channel}
            .channels=${this.data.channels}
            @edit=${() => this.#open(channel)}
            @remove=${() => this.#ask(channel)}
          ></rm-channel>`,
      )}
    </div>`;
  }

  #notAllowed(): TemplateResult {
    return html`<div class="card nothing">
      <h2>Administrators only</h2>
      <p>Channels hold secrets; an administrator sees and changes them.</p>
    </div>`;
  }

  #form(): TemplateResult | typeof nothing {
    const { edited } = this;
    if (edited === undefined) return nothing;
    const { working, problem } = this.#saving;
    return html`<rm-dialog
      heading=${edited === null ? "Add channel" : `Edit ${edited.name}`}
      ?locked=${working}
      @close=${() => this.#close()}
    >
      <rm-channel-form
        .channel=${edited}
        .working=${working}
        .problem=${problem}
        @rm-channel=${(event: ChannelEvent) => this.#save(event)}
      ></rm-channel-form>
      ${dialogActions({
        label: working ? "Saving" : "Save",
        working,
        onCancel: () => this.#close(),
        onConfirm: () =>
          this.renderRoot.querySelector("rm-channel-form")?.submit(),
      })}
    </rm-dialog>`;
  }

  #removal(): TemplateResult | typeof nothing {
    const { removed } = this;
    if (removed === undefined) return nothing;
    const { working, problem } = this.#saving;
    return html`<rm-dialog
      heading="Delete ${removed.name}"
      ?locked=${working}
      @close=${() => this.#close()}
    >
      <p>
        Nothing is sent to it any more, and what waits for it is dropped. Its
        login has to be typed again to add it back.
      </p>
      ${problemNotice(problem)}
      ${dialogActions({
        label: html`${icon("trash", 14)}Delete channel`,
        tone: "danger",
        working,
        onCancel: () => this.#close(),
        onConfirm: () => void this.#remove(removed),
      })}
    </rm-dialog>`;
  }

  #open(channel: Channel | null): void {
    this.#saving = new Saving(this);
    this.edited = channel;
  }

  #ask(channel: Channel): void {
    this.#saving = new Saving(this);
    this.removed = channel;
  }

  #close(): void {
    this.edited = undefined;
    this.removed = undefined;
  }

  async #save({ spec }: ChannelEvent): Promise<void> {
    const id = this.edited?.id ?? null;
    await this.#saving.run(
      () => this.data.channels.save(id, spec),
      `${spec.name} is saved`,
    );
    await this.#done();
  }

  async #remove({ id, name }: Channel): Promise<void> {
    await this.#saving.run(
      () => this.data.channels.remove(id),
      `${name} is deleted`,
    );
    await this.#done();
  }

  async #done(): Promise<void> {
    if (this.#saving.problem !== null) return;
    this.#close();
    await this.data.channels.list.reload();
  }

  get #manages(): boolean {
    return this.data.session.can("notifications.manage");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-notifications": RmPageNotifications;
  }
}
