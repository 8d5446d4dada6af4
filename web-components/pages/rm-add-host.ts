import type {
  EnrolmentInfo,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import type {
  EnrolmentToken,
  TokenBody,
  TokenMade,
} from "@restic-manager/shared/api/tokens.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import type { SetUpRefusal } from "../elements/rm-set-up/draft-faults.ts";
import type { RevokeEvent } from "../events/revoke.ts";
import type { SavedEvent } from "../events/saved.ts";
import { toast } from "../events/toast.ts";
import type { TokenEvent } from "../events/token.ts";
import { base } from "../styles/base.ts";
import { problemOf, toastRefusal } from "./problem.ts";
import { addHostStyles } from "./rm-add-host.styles.ts";
import "../elements/rm-dialog/rm-dialog.ts";
import "../elements/rm-enrol/rm-enrol.ts";
import "../elements/rm-pending/rm-pending.ts";
import "../elements/rm-token-form/rm-token-form.ts";
import "../elements/rm-token-list/rm-token-list.ts";
import "../elements/rm-token-made/rm-token-made.ts";

/**
 * The two ways for a host to join: it announces itself and a person compares its fingerprint, or a person says
 * everything beforehand and hands out a token. What a new token shows once lives in this dialog and nowhere else.
 * Fires `close`; `rm-pending` comes from the waiting hosts in it.
 */
@customElement("rm-add-host")
export class RmAddHost extends LitElement {
  static override styles = [base, addHostStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor way: "compare" | "token" = "compare";
  @property({ attribute: false }) accessor info: EnrolmentInfo | undefined;
  @property({ attribute: false }) accessor waiting: readonly PendingHost[] = [];
  @state() accessor made: { body: TokenBody; token: TokenMade } | null = null;
  @state() accessor saved = false;
  @state() accessor working = false;
  @state() accessor refusal: SetUpRefusal | null = null;
  readonly #tokens = new Watch<Loadable<readonly EnrolmentToken[]>>(this);

  /** The browser asks before it leaves a page that is not shown again. */
  readonly #beforeUnload = (event: BeforeUnloadEvent): void => {
    if (this.#mustSave) event.preventDefault();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("beforeunload", this.#beforeUnload);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("beforeunload", this.#beforeUnload);
  }

  override willUpdate(): void {
    if (this.way === "token") this.#tokens.watch(this.data.tokens.list);
  }

  override render() {
    const { made } = this;
    return html`<rm-dialog
      heading=${made === null ? "Add host" : `One-time token for ${made.body.hostname}`}
      ?locked=${this.#mustSave}
      @close=${() => this.#close()}
    >
      ${made === null ? this.#ways() : this.#made(made.body, made.token)}
      ${
        made === null
          ? nothing
          : html`<div slot="actions">
              ${this.#mustSave ? html`<span class="hint">Say first that you have saved what is shown once.</span>` : nothing}
              <button
                class="button primary"
                ?disabled=${this.#mustSave}
                @click=${() => this.#close()}
              >
                Done
              </button>
            </div>`
      }
    </rm-dialog>`;
  }

  #ways(): TemplateResult {
    const link = (way: string, href: string, label: string, text: string) =>
      html`<a href=${href} aria-current=${way === this.way ? "true" : nothing}
        ><strong>${label}</strong><span>${text}</span></a
      >`;
    return html`<nav aria-label="Ways to add a host">
        ${link("compare", "/?add", "Compare a fingerprint", "Run a command there, compare, then choose what to back up.")}
        ${link("token", "/?add=token", "One-time token", "Say everything now; one command there does the rest.")}
      </nav>
      ${this.way === "token" ? this.#token() : this.#compare()}`;
  }

  #compare(): TemplateResult {
    return this.waiting.length === 0
      ? html`<rm-enrol .info=${this.info}></rm-enrol>`
      : html`<rm-pending
          .pending=${this.waiting}
          .decides=${true}
        ></rm-pending>`;
  }

  #token(): TemplateResult {
    const tokens = this.#list;
    return html`${
        tokens.length === 0
          ? nothing
          : html`<details>
              <summary>
                ${tokens.length === 1 ? "1 token" : `${tokens.length} tokens`}
                made in the last hour
              </summary>
              <rm-token-list
                .tokens=${tokens}
                @rm-revoke=${(event: RevokeEvent) => this.#revoke(event)}
              ></rm-token-list>
            </details>`
      }
      <rm-token-form
        .working=${this.working}
        .refusal=${this.refusal}
        @rm-token=${(event: TokenEvent) => this.#make(event)}
      ></rm-token-form>`;
  }

  #made(body: TokenBody, token: TokenMade): TemplateResult {
    const used = this.#list.find(({ id }) => id === token.id);
    return html`<rm-token-made
      .body=${body}
      .made=${token}
      .saved=${this.saved}
      .hostId=${used?.host_id ?? ""}
      @rm-saved=${({ saved }: SavedEvent) => {
        this.saved = saved;
      }}
    ></rm-token-made>`;
  }

  get #list(): readonly EnrolmentToken[] {
    const tokens = this.#tokens.value;
    return tokens?.state === "ready" ? tokens.value : [];
  }

  get #mustSave(): boolean {
    if (this.made === null || this.saved) return false;
    const { minted_password, minted_user_password } = this.made.token;
    return minted_password !== null || minted_user_password !== null;
  }

  async #make({ body }: TokenEvent): Promise<void> {
    this.working = true;
    this.refusal = null;
    try {
      this.made = { body, token: await this.data.tokens.make(body) };
      await this.data.tokens.list.reload();
    } catch (error) {
      this.refusal = problemOf(error);
    } finally {
      this.working = false;
    }
  }

  async #revoke({ token }: RevokeEvent): Promise<void> {
    try {
      await this.data.tokens.revoke(token.id);
      toast(`The token of ${token.hostname} is revoked`);
    } catch (error) {
      toastRefusal(error);
    }
    await this.data.tokens.list.reload();
  }

  #close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-add-host": RmAddHost;
  }
}
