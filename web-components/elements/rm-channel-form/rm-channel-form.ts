import type { Channel } from "@restic-manager/shared/api/channels.ts";
import type { Severity } from "@restic-manager/shared/domain/alert.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ChannelEvent } from "../../events/channel.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import {
  type ChannelDraft,
  channelDraft,
  channelSpec,
} from "../channel-draft.ts";
import {
  checkField,
  type FormProblem,
  focusProblem,
  problemNotice,
  segments,
  textField,
} from "../field.ts";

/** The form of a notification channel; fires `rm-channel`. Its `submit()` is for the buttons of the dialog around it. */
@customElement("rm-channel-form")
export class RmChannelForm extends LitElement {
  static override styles = [base, form];

  /** Null for a new one. */
  @property({ attribute: false }) accessor channel: Channel | null = null;
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  @state() accessor draft: ChannelDraft = channelDraft(null);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("channel")) this.draft = channelDraft(this.channel);
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("problem") && this.problem !== null)
      focusProblem(this.renderRoot);
  }

  override render() {
    const { kind, auth } = this.draft;
    return html`<form
      novalidate
      @submit=${(event: SubmitEvent) => this.#submit(event)}
    >
      <fieldset class="fields" ?disabled=${this.working}>
        ${this.channel === null ? this.#kind() : nothing}
        ${this.#text("name", "Name", { help: "What this channel is called here." })}
        ${
          kind === "ntfy"
            ? html`${this.#text("url", "Server", { code: true, placeholder: "https://ntfy.sh" })}
              ${this.#text("topic", "Topic", { code: true, help: "On a public server anybody who knows the topic reads it." })}`
            : this.#text("url", "Address", {
                code: true,
                placeholder: "https://example.org/hook",
                help: "Gets JSON by POST. Redirects are not followed.",
              })
        }
        ${this.#auth()}
        ${auth === "basic" ? this.#text("username", "User name", {}) : nothing}
        ${auth === "none" ? nothing : this.#secret()} ${this.#severities()}
        ${checkField({
          id: "enabled",
          label: "On",
          help: "While it is off nothing is sent, and what waits is dropped.",
          checked: this.draft.enabled,
          onChange: (enabled) => this.#change({ enabled }),
        })}
      </fieldset>
      ${problemNotice(this.problem)}
    </form>`;
  }

  submit(): void {
    this.renderRoot.querySelector("form")?.requestSubmit();
  }

  #kind(): TemplateResult {
    return segments<ChannelDraft["kind"]>({
      name: "kind",
      label: "Kind",
      options: { ntfy: "ntfy", webhook: "Webhook" },
      value: this.draft.kind,
      onChange: (kind) => this.#change({ kind, auth: "none" }),
    });
  }

  #auth(): TemplateResult {
    const onChange = (auth: ChannelDraft["auth"]) => this.#change({ auth });
    const { kind, auth: value } = this.draft;
    const parts = { name: "auth", label: "Login", value, onChange };
    return kind === "ntfy"
      ? segments<ChannelDraft["auth"]>({
          ...parts,
          options: { none: "None", token: "Token", basic: "Password" },
        })
      : segments<ChannelDraft["auth"]>({
          ...parts,
          options: { none: "None", token: "Token" } as Record<
            ChannelDraft["auth"],
            string
          >,
        });
  }

  #secret(): TemplateResult {
    const isKept =
      this.channel?.secret_set === true &&
      this.channel.auth === this.draft.auth;
    return textField({
      id: "secret",
      label: this.draft.auth === "token" ? "Token" : "Password",
      type: "password",
      autocomplete: "new-password",
      code: true,
      value: this.draft.secret,
      help: isKept
        ? "Blank keeps the stored one, as long as the server stays the same."
        : "It is stored encrypted and never shown again.",
      error: this.problem?.fields["secret"],
      onInput: (secret) => this.#change({ secret }),
    });
  }

  #severities(): TemplateResult {
    const box = (severity: Severity, label: string) =>
      checkField({
        id: severity,
        label,
        checked: this.draft.severities.includes(severity),
        error:
          severity === "warning"
            ? this.problem?.fields["severities"]
            : undefined,
        onChange: (checked) =>
          this.#change({
            severities: [
              ...this.draft.severities.filter((other) => other !== severity),
              ...(checked ? [severity] : []),
            ],
          }),
      });
    return html`<fieldset>
      <legend>Alerts it is told of</legend>
      <div class="checks">
        ${box("warning", "Warnings")}${box("critical", "Critical ones")}
      </div>
    </fieldset>`;
  }

  #text(
    id: "name" | "url" | "topic" | "username",
    label: string,
    more: { code?: boolean; placeholder?: string; help?: string },
  ): TemplateResult {
    return textField({
      id,
      label,
      ...more,
      value: this.draft[id],
      error: this.problem?.fields[id],
      onInput: (value) => this.#change({ [id]: value }),
    });
  }

  #change(change: Partial<ChannelDraft>): void {
    this.draft = { ...this.draft, ...change };
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    this.dispatchEvent(new ChannelEvent(channelSpec(this.draft)));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-channel-form": RmChannelForm;
  }
}
