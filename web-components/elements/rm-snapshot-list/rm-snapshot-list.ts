import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { base } from "../../styles/base.ts";
import { table } from "../../styles/table.ts";
import { bytes, count, relativeTime, time } from "../format.ts";
import { Ticking } from "../ticking.ts";
import { plainText } from "../plain-text.ts";
import { snapshotBefore } from "../snapshot-order.ts";
import {
  compareBar,
  type SnapshotActs,
  snapshotActs,
} from "./snapshot-acts.ts";
import "../rm-copy/rm-copy.ts";

/** Snapshots, newest first. */
@customElement("rm-snapshot-list")
export class RmSnapshotList extends LitElement {
  static override styles = [
    base,
    table,
    css`
      .id {
        display: inline-flex;
        gap: 2px;
        align-items: center;
      }
      rm-copy {
        margin: -6px 0;
      }
      .tags {
        display: inline-flex;
        gap: 4px;
      }
      .scroll {
        /* What is hidden from sight must not stick out of the table either. */
        position: relative;
      }
      .choose {
        width: 28px;
      }
      .choose input {
        display: block;
        width: 16px;
        height: 16px;
        margin: 0;
        accent-color: var(--rm-accent);
      }
      .acts > div {
        display: flex;
        gap: 2px;
        justify-content: flex-end;
        margin: -6px 0;
      }
      tr:last-child td {
        /* The table cuts off what is taller than the line, and the ring of the focus. */
        padding-bottom: 9px;
      }
      .compare {
        position: sticky;
        bottom: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        padding: 10px 0 2px;
        background: var(--rm-surface);
        border-top: 1px solid var(--rm-border);
        font-size: var(--rm-size-13);
      }
      @media (max-width: 719px) {
        :host {
          display: flex;
          flex-direction: column;
        }
        /* Over the list, where it covers nothing. */
        .compare {
          position: static;
          order: -1;
          border: 0;
          padding: 0 0 12px;
        }
      }
      :host([narrow]) :is(.files, .labels) {
        display: none;
      }
      @media (max-width: 980px) {
        rm-copy {
          display: none;
        }
        td .truncate {
          max-width: 16vw;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor snapshots: readonly Snapshot[] = [];
  /** What may be done with them here; null for a mere list. */
  @property({ attribute: false }) accessor acts: SnapshotActs | null = null;
  /** Beside other things: what matters least is left out. */
  @property({ type: Boolean, reflect: true }) accessor narrow = false;
  /** Whether two of them can be chosen to be compared. */
  @property({ type: Boolean }) accessor compares = false;
  /** Those that are chosen, by their keys. */
  @state() accessor chosen: readonly string[] = [];
  readonly #clock = new Ticking(this);

  override render() {
    return html`<div class="scroll">
        <table>
          <thead>
            <tr>
              ${this.#compares ? html`<th class="choose"><span class="visually-hidden">Compare</span></th>` : nothing}
              <th>Taken</th>
              <th>ID</th>
              <th class="medium">Paths</th>
              <th class="wide labels">Tags</th>
              <th class="right">Size</th>
              <th class="right medium files">Files</th>
              ${this.#acts === null ? nothing : html`<th><span class="visually-hidden">Actions</span></th>`}
            </tr>
          </thead>
          <tbody>
            ${repeat(this.snapshots, keyOf, (snapshot, index) =>
              this.#row(snapshot, index),
            )}
          </tbody>
        </table>
      </div>
      ${this.#bar()}`;
  }

  #row(snapshot: Snapshot, index: number): TemplateResult {
    const at = Date.parse(snapshot.time);
    const paths = plainText(snapshot.paths.join("  "));
    return html`<tr>
      ${this.#compares ? this.#choice(snapshot) : nothing}
      <td class="num" title=${time(at, "full")}>
        ${time(at, "dayTime")}
        <span class="text-3 wide">${relativeTime(at, this.#clock.now)}</span>
      </td>
      <td>
        <span class="id mono text-2" title=${snapshot.id}
          >${snapshot.short_id}<rm-copy
            compact
            label="Copy the full id of ${snapshot.short_id}"
            .value=${snapshot.id}
          ></rm-copy
        ></span>
      </td>
      <td class="medium">
        <div class="truncate mono text-2" title=${paths}>${paths}</div>
      </td>
      <td class="wide labels">
        <span class="tags">
          ${snapshot.own ? nothing : html`<span class="tag" title="Not made by this host’s agent">${plainText(snapshot.hostname)}</span>`}
          ${snapshot.tags.map((tag) => html`<span class="tag">${plainText(tag)}</span>`)}
        </span>
      </td>
      <td class="right num">
        ${snapshot.size_bytes === null ? "unknown" : bytes(snapshot.size_bytes)}
      </td>
      <td class="right num text-2 medium files">
        ${snapshot.file_count === null ? "unknown" : count(snapshot.file_count)}
      </td>
      ${
        this.#acts === null
          ? nothing
          : html`<td class="acts">
              <div>
                ${snapshotActs(this.#acts, snapshot, snapshotBefore(this.snapshots, index))}
              </div>
            </td>`
      }
    </tr>`;
  }

  #choice(snapshot: Snapshot): TemplateResult {
    const key = keyOf(snapshot);
    return html`<td class="choose">
      <input
        type="checkbox"
        aria-label="Compare ${snapshot.short_id}"
        .checked=${live(this.chosen.includes(key))}
        @change=${() => this.#toggle(key)}
      />
    </td>`;
  }

  /** A third one takes the place of the one that was chosen first. */
  #toggle(key: string): void {
    this.chosen = this.chosen.includes(key)
      ? this.chosen.filter((other) => other !== key)
      : [...this.chosen.slice(-1), key];
  }

  #bar(): TemplateResult | typeof nothing {
    if (this.acts === null || !this.#compares) return nothing;
    const chosen = this.snapshots.filter((snapshot) =>
      this.chosen.includes(keyOf(snapshot)),
    );
    return compareBar(this.acts.hostId, chosen, () => {
      this.chosen = [];
    });
  }

  get #compares(): boolean {
    return this.compares && this.acts?.browses === true;
  }

  /** Null when none of them is allowed. */
  get #acts(): SnapshotActs | null {
    const { acts } = this;
    return acts === null ||
      !(acts.browses || acts.restores || acts.download !== null)
      ? null
      : acts;
  }
}

function keyOf({ repository_id, id }: Snapshot): string {
  return `${repository_id} ${id}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-snapshot-list": RmSnapshotList;
  }
}
