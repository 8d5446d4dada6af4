import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { countByDay, dayOf, noonOf } from "../elements/calendar-days.ts";
import { bytes, plural, relativeTime, time } from "../elements/format.ts";
import { Ticking } from "../elements/ticking.ts";
import { pathText } from "../elements/tree-path.ts";
import type { DayEvent } from "../events/day.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import "../elements/rm-calendar/rm-calendar.ts";

/** Chooses a snapshot: the day in a calendar, then one of the day. */
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
  @state() accessor day = "";
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const shown =
      this.snapshots.find(({ id }) => id === this.chosen) ?? this.snapshots[0];
    if ((changed.has("chosen") || this.day === "") && shown !== undefined)
      this.day = dayOf(Date.parse(shown.time));
  }

  override render() {
    const days = countByDay(
      this.snapshots.map(({ time: at }) => Date.parse(at)),
    );
    const ofDay = this.snapshots.filter(
      ({ time: at }) => dayOf(Date.parse(at)) === this.day,
    );
    return html`<div class="both">
      <section class="card section" aria-label="Day">
        <rm-calendar
          label="Days with snapshots"
          .days=${days}
          chosen=${this.day}
          @rm-day=${({ day }: DayEvent) => {
            this.day = day;
            const newest = this.snapshots.find(
              ({ time: at }) => dayOf(Date.parse(at)) === day,
            );
            if (newest !== undefined) this.choose(newest);
          }}
        ></rm-calendar>
      </section>
      <section class="card" aria-labelledby="of-day">
        <div class="section-head">
          <h2 id="of-day">
            ${time(noonOf(this.day).getTime(), "day")}:
            ${plural(ofDay.length, "snapshot")}
          </h2>
        </div>
        ${ofDay.map((snapshot) => this.#snapshot(snapshot))}
      </section>
    </div>`;
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
        ><b>${time(at, "time")}</b> ${relativeTime(at, this.#clock.now)} ·
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

declare global {
  interface HTMLElementTagNameMap {
    "rm-restore-snapshot": RmRestoreSnapshot;
  }
}
