import type { AlertCounts } from "@restic-manager/shared/api/alerts.ts";
import type {
  EnrolmentInfo,
  FleetSummary,
  HostRow,
  PendingHost,
} from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { ProgressById } from "../data/job-progress.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { plural } from "../elements/format.ts";
import {
  countNeedingAttention,
  type HostFilter,
  shownHosts,
  type StateFilter,
} from "../elements/host-rows.ts";
import { icon } from "../elements/icon.ts";
import type { FilterEvent } from "../events/filter.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { PendingEvent } from "../events/pending.ts";
import type { RunEvent } from "../events/run.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { fleetSkeleton, loadFailed } from "./placeholders.ts";
import { toastRefusal } from "./problem.ts";
import { fleetStyles } from "./rm-page-fleet.styles.ts";
import { BackupStart } from "./start-backup.ts";
import "../elements/rm-enrol/rm-enrol.ts";
import "../elements/rm-fleet-tiles/rm-fleet-tiles.ts";
import "../elements/rm-host-filter/rm-host-filter.ts";
import "../elements/rm-host-table/rm-host-table.ts";
import "../elements/rm-pending/rm-pending.ts";

/** `/`: every host at a glance, and the hosts that want to join. */
@customElement("rm-page-fleet")
export class RmPageFleet extends LitElement {
  static override styles = [base, page, fleetStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  /** Whether the code of the dialog to add a host is there. */
  @state() accessor addReady = false;
  @state() accessor enrolment: EnrolmentInfo | undefined;
  @state() accessor accepting: { pending: PendingHost; typed: string } | null =
    null;
  #enrolmentAsked = false;
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);
  readonly #summary = new Watch<Loadable<FleetSummary>>(this);
  readonly #pending = new Watch<Loadable<readonly PendingHost[]>>(this);
  readonly #alerts = new Watch<Loadable<AlertCounts>>(this);
  readonly #progress = new Watch<ProgressById>(this);
  readonly #start = new BackupStart(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) {
      this.#hosts.watch(this.data.hosts.list);
      this.#summary.watch(this.data.hosts.summary);
      this.#pending.watch(this.data.hosts.pending);
      this.#alerts.watch(this.data.alerts.counts);
      this.#progress.watch(this.data.progress);
    }
    // The dialog is there by the time somebody wants to accept.
    if (this.#approves && this.#waiting.length > 0)
      void import("./rm-accept.ts");
    if (this.#adding && this.#approves && !this.addReady)
      void this.#loadAddDialog();
    const hosts = this.#hosts.value;
    if (hosts?.state !== "ready") return;
    this.data.progress.follow(
      hosts.value.flatMap(({ running_job }) =>
        running_job === null ? [] : [running_job.id],
      ),
    );
    if (this.#approves && (hosts.value.length === 0 || this.#adding))
      void this.#loadEnrolment();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.data.progress.follow([]);
  }

  override render() {
    const hosts = this.#hosts.value;
    const summary = this.#summary.value;
    if (hosts?.state === "failed")
      return loadFailed(
        "Fleet",
        hosts.error,
        () => void this.data.hosts.list.reload(),
      );
    const list =
      hosts?.state === "ready" && summary?.state !== "loading"
        ? hosts.value
        : null;
    const numbers = summary?.state === "ready" ? summary.value : null;
    // The dialogs stand beside what changes under them: accepting the first host must not take its dialog away.
    return html`${list?.length === 0 ? this.#empty() : this.#overview(list, numbers)}
    ${this.#addDialog()}${this.#acceptDialog()}`;
  }

  #overview(
    list: readonly HostRow[] | null,
    numbers: FleetSummary | null,
  ): TemplateResult {
    return html`<div class="header">
        <div>
          <h1 tabindex="-1">Fleet</h1>
          <p class="headline">
            ${list === null ? "Loading hosts" : this.#headline(list, numbers)}
          </p>
        </div>
        <span class="spring"></span>
        ${this.#approves ? html`<a class="button primary" href="/?add">${icon("plus", 15)}Add host</a>` : nothing}
      </div>
      ${list === null ? fleetSkeleton() : this.#fleet(list, numbers)}`;
  }

  #fleet(
    hosts: readonly HostRow[],
    summary: FleetSummary | null,
  ): TemplateResult {
    const filter = this.#filter;
    return html`${summary === null ? nothing : html`<rm-fleet-tiles .hosts=${hosts} .summary=${summary}></rm-fleet-tiles>`}
      ${this.#pendingPanel()}
      <rm-host-filter
        .hosts=${hosts}
        .filter=${filter}
        @rm-filter=${this.#applyFilter}
      ></rm-host-filter>
      <rm-host-table
        .hosts=${shownHosts(hosts, filter)}
        .progress=${this.#progress.value ?? {}}
        .sort=${filter.sort}
        .runs=${this.data.session.can("jobs.run")}
        .setsUp=${this.#approves}
        .starting=${this.#start.hostIds}
        @rm-filter=${this.#applyFilter}
        @rm-run=${(event: RunEvent) => this.#start.run(this.data, event.hostId)}
      ></rm-host-table>`;
  }

  #headline(
    hosts: readonly HostRow[],
    summary: FleetSummary | null,
  ): TemplateResult {
    const attention = countNeedingAttention(hosts);
    const backedUp =
      summary === null
        ? ""
        : `${summary.backed_up_24h} of ${plural(summary.total, "host")} backed up in the last 24 hours.`;
    return html`${backedUp}
    ${
      attention === 0
        ? nothing
        : html`<a class="link" href="/?state=attention"
              >${attention} ${attention === 1 ? "needs" : "need"} attention</a
            >.`
    }
    ${this.#openAlerts()}`;
  }

  #openAlerts(): TemplateResult | typeof nothing {
    const counts = this.#alerts.value;
    if (counts?.state !== "ready" || counts.value.open === 0) return nothing;
    return html`<a class="link" href="/alerts"
        >${plural(counts.value.open, "open alert")}</a
      >.`;
  }

  #pendingPanel(): TemplateResult | typeof nothing {
    const pending = this.#waiting;
    // While the dialog to add a host is open, they wait in there.
    const isElsewhere = this.#adding && this.#approves;
    if (pending.length === 0 || isElsewhere) return nothing;
    return html`<rm-pending
      .pending=${pending}
      .decides=${this.#approves}
      @rm-pending=${(event: PendingEvent) => this.#decide(event)}
    ></rm-pending>`;
  }

  #empty(): TemplateResult {
    if (!this.#approves) {
      return html`<div class="card first">
        <h1 tabindex="-1">No hosts yet</h1>
        <p class="text-2">
          An administrator adds the first one; it then appears here by itself.
        </p>
      </div>`;
    }
    return html`${this.#pendingPanel()}
      <div class="card first">
        <div>
          <h1 tabindex="-1">No hosts yet</h1>
          <p class="text-2">
            Run one command on a machine you want to back up. It shows up here
            within seconds and waits for you.
          </p>
        </div>
        <rm-enrol
          .info=${this.enrolment}
          .announced=${this.#waiting.at(-1)?.hostname ?? ""}
        ></rm-enrol>
        <p class="text-2 small">
          Or say now what it backs up and where, and hand out
          <a class="link" href="/?add=token">a one-time token</a>: the host then
          joins by itself.
        </p>
      </div>`;
  }

  #addDialog(): TemplateResult | typeof nothing {
    if (!this.#adding || !this.#approves || !this.addReady) return nothing;
    return html`<rm-add-host
      .data=${this.data}
      .way=${this.url.searchParams.get("add") === "token" ? "token" : "compare"}
      .info=${this.enrolment}
      .waiting=${this.#waiting}
      @rm-pending=${(event: PendingEvent) => this.#decide(event)}
      @close=${() => this.#change({ add: null })}
    ></rm-add-host>`;
  }

  #acceptDialog(): TemplateResult | typeof nothing {
    if (this.accepting === null) return nothing;
    return html`<rm-accept
      .data=${this.data}
      .pending=${this.accepting.pending}
      .typed=${this.accepting.typed}
      @close=${() => {
        this.accepting = null;
      }}
    ></rm-accept>`;
  }

  async #decide({ pending, decision, typed }: PendingEvent): Promise<void> {
    if (decision === "accept") {
      await import("./rm-accept.ts");
      this.#change({ add: null });
      this.accepting = { pending, typed };
      return;
    }
    try {
      await this.data.hosts.reject(pending.id);
      toast(`${pending.hostname} is rejected; its agent stops`);
    } catch (error) {
      toastRefusal(error);
    }
    await this.data.hosts.pending.reload();
  }

  async #loadAddDialog(): Promise<void> {
    await import("./rm-add-host.ts");
    this.addReady = true;
  }

  async #loadEnrolment(): Promise<void> {
    if (this.#enrolmentAsked) return;
    this.#enrolmentAsked = true;
    try {
      this.enrolment = await this.data.hosts.enrolment();
    } catch (error) {
      toastRefusal(error);
    }
  }

  get #waiting(): readonly PendingHost[] {
    const pending = this.#pending.value;
    return pending?.state === "ready" ? pending.value : [];
  }

  get #approves(): boolean {
    return this.data.session.can("hosts.approve");
  }

  get #adding(): boolean {
    return this.url.searchParams.has("add");
  }

  get #filter(): HostFilter {
    const text = (name: string) => this.url.searchParams.get(name) ?? "";
    return {
      state: text("state") as StateFilter,
      query: text("q"),
      tags: text("tags").split(",").filter(Boolean),
      sort: text("sort"),
    };
  }

  readonly #applyFilter = (event: FilterEvent): void => {
    event.stopPropagation();
    this.#change(event.change);
  };

  /** Filters live in the address; an empty value leaves it. */
  #change(change: Readonly<Record<string, string | null>>): void {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(change)) {
      if (value === null || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    this.dispatchEvent(new NavigateEvent(url.href, { replace: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-fleet": RmPageFleet;
  }
}
