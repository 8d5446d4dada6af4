import type { RepositoryLock } from "@restic-manager/shared/domain/maintenance.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { UpkeepEvent } from "../../events/upkeep.ts";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { relativeTime, time } from "../format.ts";
import { icon } from "../icon.ts";
import { plainText } from "../plain-text.ts";
import { glyph, type State } from "../status.ts";
import { Ticking } from "../ticking.ts";

const states: Readonly<Record<RepositoryLock["state"], State>> = {
  live: { word: "May be in use", tone: "run", shape: "disc" },
  old: {
    word: "Not refreshed for half an hour",
    tone: "warn",
    shape: "triangle",
  },
  own_dead: { word: "Its process has ended", tone: "warn", shape: "triangle" },
};

/** Who holds a repository, and the ways to take a lock away. */
@customElement("rm-locks")
export class RmLocks extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      li {
        display: grid;
        grid-template-columns: 14px minmax(0, 1fr);
        gap: 2px 8px;
        align-items: center;
        padding: 8px 0;
        border-top: 1px solid var(--rm-border);
        font-size: var(--rm-size-13);
        overflow-wrap: anywhere;
      }
      li:first-child {
        border-top: 0;
        padding-top: 0;
      }
      .small {
        grid-column: 2;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin-top: 10px;
      }
    `,
  ];

  @property({ attribute: false }) accessor locks: readonly RepositoryLock[] =
    [];
  /** When somebody looked; null for never. */
  @property() accessor seenAt: string | null = null;
  /** What this user may start: `unlock`, `unlock-all`. */
  @property({ attribute: false }) accessor starts: ReadonlySet<string> =
    new Set();
  /** Why nothing can be started now; empty when it can. */
  @property() accessor refusal = "";
  @property({ type: Boolean }) accessor working = false;
  readonly #clock = new Ticking(this);

  override render() {
    return html`<section class="card section" aria-label="Locks">
      <div class="section-head">
        <h2>Locks</h2>
        <span class="small text-3 num">${this.#seen()}</span>
      </div>
      ${
        this.locks.length === 0
          ? html`<p class="small text-2">Nobody holds the repository.</p>`
          : html`<ul>
              ${this.locks.map((lock) => this.#lock(lock))}
            </ul>`
      }
      ${this.#actions()}
    </section>`;
  }

  #seen(): string {
    return this.seenAt === null
      ? "not looked at yet"
      : `seen ${relativeTime(Date.parse(this.seenAt), this.#clock.now)}`;
  }

  #lock(lock: RepositoryLock): TemplateResult {
    const at = Date.parse(lock.time);
    return html`<li>
      ${glyph(states[lock.state])}
      <span
        >${plainText(`${lock.username}@${lock.hostname}`)}${lock.exclusive ? ", exclusive" : ""}</span
      >
      <span class="small text-2 num" title=${time(at, "full")}
        >${states[lock.state].word}, process ${lock.pid},
        ${relativeTime(at, this.#clock.now)}</span
      >
    </li>`;
  }

  #actions(): TemplateResult | typeof nothing {
    const canUnlock = this.starts.has("unlock");
    const canUnlockAll = this.starts.has("unlock-all") && this.locks.length > 0;
    if (!canUnlock && !canUnlockAll) return nothing;
    const button = (action: "unlock" | "unlock-all", label: string) =>
      html`<button
        class="button s ${action === "unlock" ? "" : "danger"}"
        title=${this.refusal === "" ? nothing : this.refusal}
        ?disabled=${this.working || this.refusal !== ""}
        @click=${() => this.dispatchEvent(new UpkeepEvent(action))}
      >
        ${icon("unlock", 13)}${label}
      </button>`;
    return html`<div class="actions">
      ${canUnlock ? button("unlock", "Remove stale locks") : nothing}
      ${canUnlockAll ? button("unlock-all", "Remove all locks") : nothing}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-locks": RmLocks;
  }
}
