import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { countByDay, dayOf, noonOf } from "../elements/calendar-days.ts";
import { bytes, relativeTime, time } from "../elements/format.ts";
import { Ticking } from "../elements/ticking.ts";
import { pathText } from "../elements/tree-path.ts";
import type { DayEvent } from "../events/day.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import "../elements/rm-calendar/rm-calendar.ts";

const listed = 8;

/** Chooses a snapshot: the day in a calendar, or one of a list that goes back from it. */
@customElement("rm-restore-snapshot")
export class RmRestoreSnapshot extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      .both {
        display: grid;
        grid-template-columns: 320px minmax(0, 1fr);
        gap: 14px;
        align-items: start;
      }
      label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 1px 12px;
        align-items: start;
        padding: 11px 16px;
        border-top: 1px solid var(--rm-border);
        font-size: var(--rm-size-13);
        line-height: 20px;
        cursor: pointer;
      }
      label:hover {
        background: var(--rm-hover);
      }
      label:has(:checked) {
        background: var(--rm-accent-soft);
      }
      label:has(:focus-visible) {
        outline: 2px solid var(--rm-focus);
        outline-offset: -2px;
      }
      input {
        width: 16px;
        height: 16px;
        margin: 2px 0 0;
        accent-color: var(--rm-accent);
        outline: none;
      }
      b {
        font-weight: 550;
      }
      .paths {
        grid-column: 2 / -1;
        overflow-wrap: anywhere;
      }
      .section-head {
        padding: 14px 16px 0;
      }
      section {
        overflow: hidden;
      }
      .tag {
        vertical-align: middle;
      }
      @media (max-width: 980px) {
        .both {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  /** Newest first. */
  @property({ attribute: false }) accessor snapshots: readonly Snapshot[] = [];
  @property() accessor chosen = "";
  @property({ attribute: false }) accessor choose!: (
    snapshot: Snapshot,
  ) => void;
  /** Day from which on the list goes back. */
  @state() accessor from = "";
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const chosen = this.snapshots.find(({ id }) => id === this.chosen);
    const isListed = chosen !== undefined && this.#listed.includes(chosen);
    if (this.from === "" || (changed.has("chosen") && !isListed))
      this.from = dayOfSnapshot(chosen ?? this.snapshots[0]);
  }

  override render() {
    const chosen = this.snapshots.find(({ id }) => id === this.chosen);
    return html`<div class="both">
      <section class="card section" aria-label="Day">
        <rm-calendar
          label="Days with snapshots"
          .days=${countByDay(this.snapshots.map(({ time: at }) => Date.parse(at)))}
          chosen=${chosen === undefined ? this.from : dayOfSnapshot(chosen)}
          @rm-day=${({ day }: DayEvent) => this.#chooseDay(day)}
        ></rm-calendar>
      </section>
      <section class="card" aria-labelledby="listed">
        <div class="section-head">
          <h2 id="listed">
            Snapshots up to ${time(noonOf(this.from).getTime(), "day")}
          </h2>
        </div>
        ${this.#listed.map((snapshot) => this.#snapshot(snapshot))}
      </section>
    </div>`;
  }

  #chooseDay(day: string): void {
    this.from = day;
    const [newest] = this.#listed;
    if (newest !== undefined) this.choose(newest);
  }

  /** From the chosen day back; all of that day in any case. */
  get #listed(): readonly Snapshot[] {
    const back = this.snapshots.filter(
      (snapshot) => dayOfSnapshot(snapshot) <= this.from,
    );
    return back.filter(
      (snapshot, index) =>
        index < listed || dayOfSnapshot(snapshot) === this.from,
    );
  }

  #snapshot(snapshot: Snapshot): TemplateResult {
    const { id, short_id, hostname, tags, paths, own } = snapshot;
    const at = Date.parse(snapshot.time);
    return html`<label>
      <input
        type="radio"
        name="snapshot"
        aria-label="${time(at, "dayTime")}, ${short_id}"
        .checked=${live(id === this.chosen)}
        @change=${() => this.choose(snapshot)}
      />
      <span class="num" title=${time(at, "full")}
        ><b>${time(at, "dayTime")}</b> · ${relativeTime(at, this.#clock.now)} ·
        <span class="mono text-2">${short_id}</span>
        ${own ? nothing : html`<span class="tag">${pathText(hostname)}</span>`}
        ${tags.map((tag) => html`<span class="tag">${pathText(tag)}</span>`)}</span
      >
      <span class="num text-2"
        >${snapshot.size_bytes === null ? nothing : bytes(snapshot.size_bytes)}</span
      >
      <span class="paths mono text-2 small">${pathText(paths.join("  "))}</span>
    </label>`;
  }
}

function dayOfSnapshot(snapshot: Snapshot | undefined): string {
  return snapshot === undefined ? "" : dayOf(Date.parse(snapshot.time));
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-restore-snapshot": RmRestoreSnapshot;
  }
}
