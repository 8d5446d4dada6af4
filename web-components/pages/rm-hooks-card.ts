import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { HostHooksSpec } from "@restic-manager/shared/api/hooks.ts";
import type { HookSpec } from "@restic-manager/shared/domain/hook.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { icon } from "../elements/icon.ts";
import type { HooksEvent } from "../events/hooks.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { takenOver } from "./host-tab.ts";
import { Saving } from "./saving.ts";
import { Unsaved } from "./unsaved.ts";
import "../elements/rm-hooks-form/rm-hooks-form.ts";

export interface ShownHooks {
  readonly hooks: HookSpec;
  /** Of a source group: what its host's default is. */
  readonly inherited: HookSpec | null;
  /** Of a host; undefined for a source group. */
  readonly shell: HostHooksSpec["shell"] | undefined;
  readonly unreadable: boolean;
}

/** The hooks of a source group, or the defaults of a host, and their form. */
@customElement("rm-hooks-card")
export class RmHooksCard extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      pre {
        margin: 0;
        padding: 8px 10px;
        max-height: 220px;
        overflow: auto;
        border: 1px solid var(--rm-border);
        border-radius: var(--rm-radius-2);
        background: var(--rm-sunken);
        font: 400 12.5px/19px var(--rm-mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      .note {
        margin-bottom: 4px;
        color: var(--rm-text-2);
      }
      .notice {
        margin-bottom: 12px;
      }
    `,
  ];

  @property() accessor heading = "";
  @property() accessor note = "";
  @property({ attribute: false }) accessor host!: HostDetail;
  @property({ attribute: false }) accessor shown!: ShownHooks;
  @property({ attribute: false }) accessor save!: (
    hooks: HostHooksSpec,
  ) => Promise<void>;
  @property({ attribute: false }) accessor mayEdit!: () => boolean;
  @state() accessor editing = false;
  readonly #saving = new Saving(this);
  readonly #unsaved = new Unsaved(
    this,
    // Nobody who is logged out any more can save.
    () =>
      this.mayEdit() &&
      (this.renderRoot.querySelector("rm-hooks-form")?.isChanged ?? false),
  );

  override render() {
    const { shown } = this;
    return html`<section class="card section" aria-label=${this.heading}>
        <div class="section-head">
          <h2 class="truncate">${this.heading}</h2>
          <span class="small text-3">${this.note}</span>
          <span class="spring"></span>
          ${
            this.editing
              ? nothing
              : html`<button
                  class="button s"
                  aria-label="Edit hooks: ${this.heading}"
                  @click=${() => {
                    this.editing = true;
                  }}
                >
                  Edit
                </button>`
          }
        </div>
        ${
          shown.unreadable
            ? html`<div class="notice bad">
                ${icon("warning")}<span
                  >What is stored cannot be decrypted with this server’s key.
                  Backups fail rather than run without their hooks. Enter them
                  again.</span
                >
              </div>`
            : nothing
        }
        ${this.editing ? this.#form() : this.#facts()}
      </section>
      ${this.#unsaved.question()}`;
  }

  #facts(): TemplateResult | typeof nothing {
    const { hooks, inherited, shell, unreadable } = this.shown;
    if (unreadable) return nothing;
    return html`<dl class="pairs wide">
      <dt>Before</dt>
      <dd>${script(hooks.pre, inherited?.pre)}</dd>
      <dt>After</dt>
      <dd>${script(hooks.post, inherited?.post)}</dd>
      <dt>Time limit</dt>
      <dd class="num">${minutes(hooks.timeout_s)}</dd>
      ${
        shell === undefined
          ? nothing
          : html`<dt>Shell</dt>
              <dd class=${shell === null ? "" : "mono"}>
                ${shell === null ? "the system’s" : shell.join(" ")}
              </dd>`
      }
    </dl>`;
  }

  #form(): TemplateResult {
    const { hooks, shell } = this.shown;
    return html`<rm-hooks-form
      .hooks=${hooks}
      .shell=${shell}
      os=${this.host.os}
      .working=${this.#saving.working}
      .problem=${this.#saving.problem}
      @close=${() => this.#close()}
      @rm-hooks=${(event: HooksEvent) => void this.#save(event)}
    ></rm-hooks-form>`;
  }

  async #save({ hooks }: HooksEvent): Promise<void> {
    await this.#saving.run(
      () => this.save(hooks),
      takenOver("Hooks saved", this.host),
    );
    if (this.#saving.problem === null) this.#close();
  }

  #close(): void {
    this.editing = false;
    this.#saving.reset();
    void this.updateComplete.then(() =>
      this.renderRoot
        .querySelector<HTMLElement>(".section-head button")
        ?.focus(),
    );
  }
}

/** `inherited` is undefined where there is nobody to inherit from. */
function script(
  own: string | null,
  inherited: string | null | undefined,
): TemplateResult | string {
  if (own !== null) return own === "" ? "nothing" : html`<pre>${own}</pre>`;
  if (inherited === undefined) return "nothing";
  return inherited === null || inherited === ""
    ? "the host’s default, which is nothing"
    : html`<p class="note">the host’s default:</p>
        <pre>${inherited}</pre>`;
}

function minutes(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-hooks-card": RmHooksCard;
  }
}
