import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { FilterEvent } from "../../events/filter.ts";
import { NavigateEvent } from "../../events/navigate.ts";
import { RunEvent } from "../../events/run.ts";
import { base } from "../../styles/base.ts";
import { parseSort, type SortKey } from "../host-rows.ts";
import { icon } from "../icon.ts";
import { isTyping } from "../keyboard.ts";
import { Ticking } from "../ticking.ts";
import { hostRow } from "./host-row.ts";
import { hostTableStyles } from "./rm-host-table.styles.ts";

/**
 * The fleet, one row a host. j/k or the arrow keys move between hosts, Enter opens one, r backs one up. Each row is
 * rendered again only when its host, its progress or the minute changes.
 */
@customElement("rm-host-table")
export class RmHostTable extends LitElement {
  static override styles = [base, hostTableStyles];

  /** In the order shown. */
  @property({ attribute: false }) accessor hosts: readonly HostRow[] = [];
  @property({ attribute: false }) accessor progress: Readonly<
    Record<string, JobProgress>
  > = {};
  @property() accessor sort = "";
  /** Whether this user may start backups. */
  @property({ type: Boolean }) accessor runs = false;
  /** Whether this user may give hosts their repository. */
  @property({ type: Boolean }) accessor setsUp = false;
  /** Hosts whose backup is being started. */
  @property({ attribute: false }) accessor starting: ReadonlySet<string> =
    new Set();
  readonly #clock = new Ticking(this);

  readonly #onKey = (event: KeyboardEvent): void => {
    if (isTyping(event)) return;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step !== undefined) this.#moveFocus(step, event);
    else if (event.key === "r") this.#runFocused();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#onKey);
  }

  override render() {
    const tagged = this.#isTagged;
    return html`<div
      class="table ${tagged ? "tagged" : ""}"
      role="table"
      aria-label="Hosts"
      aria-rowcount=${this.hosts.length + 1}
    >
      <div role="rowgroup">
        <div class="head" role="row">
          ${this.#sortable("name", "Host")}${this.#sortable("last", "Last backup")}
          <div role="columnheader" class="days">30 days</div>
          <div role="columnheader" class="next">Next run</div>
          ${this.#sortable("snapshots", "Snapshots", "snapshots")}
          ${tagged ? html`<div role="columnheader" class="tags">Tags</div>` : nothing}
          <div role="columnheader">
            <span class="visually-hidden">Actions</span>
          </div>
        </div>
      </div>
      ${this.hosts.length === 0 ? this.#nothingFound() : this.#rows()}
    </div>`;
  }

  #rows(): TemplateResult {
    const now = this.#clock.now;
    const minute = Math.floor(now / 30_000);
    const tagged = this.#isTagged;
    return html`<div role="rowgroup">
      ${repeat(
        this.hosts,
        (host) => host.id,
        (host, index) => {
          const progress = this.progress[host.running_job?.id ?? ""];
          const starting = this.starting.has(host.id);
          const shown = [
            host,
            index,
            progress,
            minute,
            this.runs,
            this.setsUp,
            starting,
            tagged,
          ];
          return guard(shown, () =>
            hostRow({
              host,
              index,
              progress,
              now,
              runs: this.runs,
              setsUp: this.setsUp,
              starting,
              tagged,
              onClick: this.#open,
              onRun: this.#run,
            }),
          );
        },
      )}
    </div>`;
  }

  get #isTagged(): boolean {
    return this.hosts.some(({ tags }) => tags.length > 0);
  }

  #nothingFound(): TemplateResult {
    return html`<div class="none" role="row">
      <div role="cell">
        No host matches.
        <button
          class="button s"
          @click=${() => this.dispatchEvent(new FilterEvent({ state: "", q: "", tags: "" }))}
        >
          Clear filters
        </button>
      </div>
    </div>`;
  }

  #sortable(key: SortKey, label: string, className = ""): TemplateResult {
    const { key: sorted, reversed } = parseSort(this.sort);
    const on = sorted === key;
    return html`<div
      role="columnheader"
      class=${className}
      aria-sort=${on ? (reversed ? "descending" : "ascending") : "none"}
    >
      <button
        @click=${() => this.dispatchEvent(new FilterEvent({ sort: on && !reversed ? `-${key}` : key }))}
      >
        ${label}${on ? icon(reversed ? "arrow-up" : "arrow-down", 12) : nothing}
      </button>
    </div>`;
  }

  /** The whole row opens its host; the link in it is what keyboards and screen readers use. */
  readonly #open = (host: HostRow, event: MouseEvent): void => {
    const onControl = event
      .composedPath()
      .some(
        (node) =>
          node instanceof HTMLAnchorElement ||
          node instanceof HTMLButtonElement,
      );
    if (!onControl) this.dispatchEvent(new NavigateEvent(`/hosts/${host.id}`));
  };

  readonly #run = (host: HostRow): void => {
    this.dispatchEvent(new RunEvent(host.id));
  };

  #moveFocus(step: number, event: KeyboardEvent): void {
    const links = [
      ...this.renderRoot.querySelectorAll<HTMLAnchorElement>(".name a"),
    ];
    const next =
      links[Math.max(0, Math.min(links.length - 1, this.#focusedIndex + step))];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
    next.closest(".row")?.scrollIntoView({ block: "nearest" });
  }

  #runFocused(): void {
    const row = this.renderRoot.querySelectorAll(".row")[this.#focusedIndex];
    row?.querySelector<HTMLButtonElement>("button:not(:disabled)")?.click();
  }

  get #focusedIndex(): number {
    return [...this.renderRoot.querySelectorAll(".row")].findIndex((row) =>
      row.matches(":focus-within"),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-table": RmHostTable;
  }
}
