import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import { limitsOf } from "@restic-manager/shared/domain/restic-version.ts";
import type { RunBody } from "@restic-manager/shared/api/jobs.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import { shownHealth } from "../elements/host-rows.ts";
import { icon } from "../elements/icon.ts";
import { platform } from "../elements/platform.ts";
import type { Tab } from "../elements/rm-tabs/rm-tabs.ts";
import { busy, healthStates, pill } from "../elements/status.ts";
import { Ticking } from "../elements/ticking.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { alertStrip } from "./alert-strip.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { HostData } from "./host-data.ts";
import { hostOverview } from "./host-overview.ts";
import {
  hooksTab,
  jobsTab,
  repositoryTab,
  schedulesTab,
  settingsTab,
  snapshotsTab,
  sourcesTab,
} from "./host-tabs.ts";
import { repositoryProblems } from "./repository-problems.ts";
import { vitals } from "./host-vitals.ts";
import {
  identityConflict,
  identityConflictStyles,
} from "./identity-conflict.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { hostStyles } from "./rm-page-host.styles.ts";
import { BackupStart } from "./start-backup.ts";
import { plainText } from "../elements/plain-text.ts";
import "../elements/rm-tabs/rm-tabs.ts";

/** Tabs that are drawn as soon as their code is there. */
const tabCode: Readonly<Record<string, () => Promise<unknown>>> = {
  sources: () => import("./rm-host-sources.ts"),
  schedules: () => import("./rm-host-schedules.ts"),
  hooks: () => import("./rm-host-hooks.ts"),
  repository: () => import("./rm-host-repositories.ts"),
  jobs: () => import("./rm-job-browser.ts"),
  settings: () => import("./rm-host-settings.ts"),
};

/** `/hosts/:id`: one host, its backups and what they are made of. */
@customElement("rm-page-host")
export class RmPageHost extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    placeholderStyles,
    identityConflictStyles,
    hostStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor hostId = "";
  @property({ attribute: false }) accessor url!: URL;
  /** Whether the code of the set-up dialog is there. */
  @state() accessor setUpReady = false;
  readonly #of = new HostData(this);
  readonly #start = new BackupStart(this);
  #dialogOpen = false;
  #setUp: boolean | undefined;
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data") || changed.has("hostId"))
      this.#of.open(this.data, this.hostId);
    const host = this.#of.host;
    if (host?.state === "ready") this.#shown(host.value);
    if (this.#settingUp && !this.setUpReady) void this.#loadSetUp();
    if (this.url.searchParams.has("run")) void import("./rm-run-backup.ts");
    void tabCode[this.url.searchParams.get("tab") ?? ""]?.();
  }

  #shown(host: HostDetail): void {
    document.title = `${host.name} · restic-manager`;
    this.#of.openParts();
    // Set up on this page or by somebody else: its repository, sources and schedule exist from now on.
    if (host.set_up && this.#setUp === false) this.#of.reload();
    this.#setUp = host.set_up;
    // Open until a person closes it: the dialog has a word to say after the set-up, too.
    this.#dialogOpen =
      this.#settingUp && this.setUpReady && (this.#dialogOpen || !host.set_up);
  }

  override render() {
    const host = this.#of.host;
    if (host?.state === "failed")
      return loadFailed("Host", host.error, () => this.#of.reload());
    const detail = host?.state === "ready" ? host.value : null;
    return html`${breadcrumb([["/", "Fleet"]], detail?.name ?? "Host")}
      <div class="header">
        <h1 tabindex="-1">
          ${detail === null ? "Host" : html`${detail.name}${pill(healthStates[shownHealth(detail)])}${this.#drift(detail)}`}
        </h1>
        <span class="spring"></span>
        ${detail === null ? nothing : this.#action(detail)}
      </div>
      ${detail === null ? rowsSkeleton(6) : this.#body(detail)}`;
  }

  #body(host: HostDetail): TemplateResult {
    const tabs = this.#tabs(host);
    const asked = this.url.searchParams.get("tab");
    const active = tabs.find((tab) => tab.id === asked)?.id ?? "overview";
    return html`<p class="facts">
        <span
          >${host.os_version === "" ? platform(host) : plainText(`${host.os_version} · ${host.arch}`)}</span
        >
        <span>agent ${plainText(host.agent_version)}</span>
        ${host.restic?.version == null ? nothing : html`<span>restic ${plainText(host.restic.version)}${limitsOf(host.restic.version).length === 0 ? nothing : html` <a class="pill warn" href="/hosts/${host.id}">old</a>`}</span>`}
        <span>${plainText(host.tz)}</span>
        ${host.tags.map((tag) => html`<span class="tag">${plainText(tag)}</span>`)}
      </p>
      ${identityConflict(host, this.#clock.now)}${this.#problems(host)}${vitals(host, this.#clock.now, this.#of.schedules, this.#snapshots(host))}
      <rm-tabs
        label="Sections of ${host.name}"
        path="/hosts/${host.id}"
        active=${active}
        .tabs=${tabs}
      ></rm-tabs>
      ${this.#tab(active, host)}${this.#setUpDialog(host)}${this.#runDialog(host)}`;
  }

  #tabs(host: HostDetail): readonly Tab[] {
    if (!host.set_up)
      return [
        { id: "overview", label: "Overview" },
        { id: "jobs", label: "Jobs" },
        { id: "settings", label: "Settings" },
      ];
    return [
      { id: "overview", label: "Overview" },
      { id: "snapshots", label: "Snapshots", count: this.#snapshots(host) },
      { id: "sources", label: "Sources" },
      { id: "schedules", label: "Schedules" },
      ...(this.data.session.can("hooks.edit")
        ? [{ id: "hooks", label: "Hooks" }]
        : []),
      { id: "repository", label: "Repository" },
      { id: "jobs", label: "Jobs" },
      { id: "settings", label: "Settings" },
    ];
  }

  /** A host counts those that it made; its list holds those of others in its repositories as well. */
  #snapshots(host: HostDetail): number {
    return this.#of.snapshots?.total ?? host.snapshot_count;
  }

  #tab(id: string, host: HostDetail): TemplateResult {
    const parts = {
      host,
      of: this.#of,
      data: this.data,
      page: this,
      url: this.url,
      now: this.#clock.now,
    };
    switch (id) {
      case "snapshots":
        return snapshotsTab(parts);
      case "sources":
        return sourcesTab(parts);
      case "schedules":
        return schedulesTab(parts);
      case "hooks":
        return hooksTab(parts);
      case "repository":
        return repositoryTab(parts);
      case "jobs":
        return jobsTab(parts);
      case "settings":
        return settingsTab(parts);
      default:
        return hostOverview(parts);
    }
  }

  #drift({
    cfg_rev,
    applied_cfg_rev,
  }: HostDetail): TemplateResult | typeof nothing {
    if (applied_cfg_rev >= cfg_rev) return nothing;
    return html`<span
      class="pill warn"
      title="The agent takes over new settings when it is online"
      >v${cfg_rev} pending, v${applied_cfg_rev} applied</span
    >`;
  }

  #problems(host: HostDetail): TemplateResult {
    return html`${alertStrip(`/alerts?host=${host.id}`, this.#of.alerts)}${this.#resticProblem(host)}${repositoryProblems(host, this.#of.repositories ?? [])}`;
  }

  #resticProblem({ restic }: HostDetail): TemplateResult | typeof nothing {
    if (restic?.problem == null) return nothing;
    return html`<div class="notice bad">
      ${icon("warning")}<span
        >restic cannot be used on this host: ${plainText(restic.problem)}</span
      >
    </div>`;
  }

  #action(host: HostDetail): TemplateResult | typeof nothing {
    if (host.running_job !== null) {
      return html`<a class="button primary" href="/jobs/${host.running_job.id}"
        >${icon("eye", 15)}View running job</a
      >`;
    }
    if (!host.set_up) {
      return this.data.session.can("hosts.approve")
        ? html`<a class="button primary" href="/hosts/${host.id}?setup"
            >Finish set-up</a
          >`
        : nothing;
    }
    if (!this.data.session.can("jobs.run")) return nothing;
    const label =
      { failed: "Retry backup", no_backup: "Run first backup" }[
        host.health as string
      ] ?? "Run now";
    const starting = this.#start.hostIds.has(host.id);
    const away =
      host.health === "asleep" ? "The host is asleep" : "The agent is offline";
    return html`<a
        class="button square"
        href="/hosts/${host.id}?run"
        aria-label="Back up with options"
        title="Choose what to back up, and how fast"
        >${icon("sliders", 15)}</a
      ><button
        class="button primary"
        ?disabled=${starting || !host.online}
        title=${host.online ? nothing : away}
        @click=${() => this.#start.run(this.data, host.id)}
      >
        ${starting ? busy() : icon(host.health === "failed" ? "retry" : "play", 14)}${starting ? "Starting" : label}
      </button>`;
  }

  get #settingUp(): boolean {
    return (
      this.url.searchParams.has("setup") &&
      this.data.session.can("hosts.approve")
    );
  }

  #setUpDialog(host: HostDetail): TemplateResult | typeof nothing {
    if (!this.#dialogOpen) return nothing;
    return html`<rm-accept
      .data=${this.data}
      .host=${host}
      @close=${() => this.dispatchEvent(new NavigateEvent(`/hosts/${host.id}`, { replace: true }))}
    ></rm-accept>`;
  }

  #runDialog(host: HostDetail): TemplateResult | typeof nothing {
    const groups = this.#of.sources;
    const asked = this.url.searchParams.has("run");
    if (!asked || groups === null || !this.data.session.can("jobs.run"))
      return nothing;
    return html`<rm-run-backup
      .host=${host}
      .groups=${groups}
      .starting=${this.#start.hostIds.has(host.id)}
      .run=${(groupId: string, limits: RunBody["limits"]) =>
        void this.#start.run(this.data, host.id, groupId, limits)}
      @close=${() => this.dispatchEvent(new NavigateEvent(`/hosts/${host.id}`, { replace: true }))}
    ></rm-run-backup>`;
  }

  async #loadSetUp(): Promise<void> {
    await import("./rm-accept.ts");
    this.setUpReady = true;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-host": RmPageHost;
  }
}
