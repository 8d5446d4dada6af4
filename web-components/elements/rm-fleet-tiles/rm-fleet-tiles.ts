import type {
  FleetSummary,
  HostRow,
} from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { columns, stackedBar } from "../charts.ts";
import { count, plural, relativeTime, time } from "../format.ts";
import { healthOrder, lastBackupAt, shownHealth } from "../host-rows.ts";
import { glyph, healthStates } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { fleetTilesStyles } from "./rm-fleet-tiles.styles.ts";

/** The fleet in four numbers. */
@customElement("rm-fleet-tiles")
export class RmFleetTiles extends LitElement {
  static override styles = [base, parts, fleetTilesStyles];

  @property({ attribute: false }) accessor hosts: readonly HostRow[] = [];
  @property({ attribute: false }) accessor summary!: FleetSummary;
  readonly #clock = new Ticking(this);

  override render() {
    return html`${this.#hosts()}${this.#lastDay()}${this.#snapshots()}${this.#next()}`;
  }

  #hosts(): TemplateResult {
    const { total, online } = this.summary;
    const shown = healthOrder.toReversed().flatMap((health) => {
      const number = this.hosts.filter(
        (host) => shownHealth(host) === health,
      ).length;
      return number === 0 ? [] : [{ number, state: healthStates[health] }];
    });
    return tile(
      "Hosts",
      count(total),
      `${count(online)} online`,
      html`${stackedBar(
          shown.map(({ number, state }) => ({
            value: number,
            fill: `var(--rm-${state.tone})`,
          })),
        )}
        <div class="legend num">
          ${shown.map(
            ({ number, state }) =>
              html`<span title=${state.word}
                >${glyph(state, { labelled: true })}${count(number)}</span
              >`,
          )}
        </div>`,
    );
  }

  #lastDay(): TemplateResult {
    const { ok, issues, failed } = this.summary.jobs_24h;
    const total = ok + issues + failed;
    return tile(
      "Last 24 hours",
      count(total),
      total === 1 ? "backup" : "backups",
      html`${columns(
          this.summary.jobs_by_hour.map((hour) => [
            { value: hour.ok, fill: "var(--rm-ok)" },
            { value: hour.issues, fill: "var(--rm-warn)" },
            { value: hour.failed, fill: "var(--rm-bad)" },
          ]),
        )}
        <div class="legend num">
          <span><i class="ok"></i>${count(ok)} ok</span>
          <span><i class="warn"></i>${count(issues)} with issues</span>
          <span><i class="bad"></i>${count(failed)} failed</span>
        </div>`,
    );
  }

  #snapshots(): TemplateResult {
    const recent = this.hosts
      .filter(lastBackupAt)
      .toSorted((a, b) => lastBackupAt(b) - lastBackupAt(a));
    const holding = this.hosts.filter((host) => host.snapshot_count > 0).length;
    return tile(
      "Snapshots",
      count(this.summary.snapshots),
      holding === 0 ? "none yet" : `of ${plural(holding, "host")}`,
      this.#list(
        recent,
        (host) => relativeTime(lastBackupAt(host), this.#clock.now),
        "No backup yet",
      ),
    );
  }

  #next(): TemplateResult {
    const upcoming = this.hosts
      .filter((host) => nextAt(host) > this.#clock.now)
      .toSorted((a, b) => nextAt(a) - nextAt(b));
    const [first] = upcoming;
    return tile(
      "Next backup",
      first === undefined ? "–" : time(nextAt(first), "time"),
      first === undefined
        ? "nothing scheduled"
        : relativeTime(nextAt(first), this.#clock.now),
      this.#list(
        upcoming,
        (host) => relativeTime(nextAt(host), this.#clock.now),
        "No schedule is on",
      ),
    );
  }

  #list(
    hosts: readonly HostRow[],
    text: (host: HostRow) => string,
    empty: string,
  ): TemplateResult {
    if (hosts.length === 0) return html`<p class="small text-2">${empty}</p>`;
    return html`<ul class="list">
      ${hosts.slice(0, 2).map(
        (host) =>
          html`<li>
            <a href="/hosts/${host.id}" class="truncate">${host.name}</a>
            <span class="num">${text(host)}</span>
          </li>`,
      )}
    </ul>`;
  }
}

function nextAt(host: HostRow): number {
  return Date.parse(host.next_run_at ?? "");
}

function tile(
  label: string,
  value: string,
  unit: string,
  foot: TemplateResult,
): TemplateResult {
  return html`<section class="card tile" aria-label=${label}>
    <h2>${label}</h2>
    <p class="value num">${value}<small>${unit}</small></p>
    <div class="foot">${foot}</div>
  </section>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-fleet-tiles": RmFleetTiles;
  }
}
