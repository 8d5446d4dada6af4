import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { errorWords } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import {
  isFiltered,
  type JobLog,
  keptLines,
  type LogFilter,
} from "../data/job-log.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { flagStyles, wholeFlags } from "../elements/command.ts";
import { relativeTime, time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import {
  isOfHost,
  jobTitle,
  shortId,
  startedBy,
} from "../elements/job-words.ts";
import { busy, jobStates, pill } from "../elements/status.ts";
import { Ticking } from "../elements/ticking.ts";
import type { FilterEvent } from "../events/filter.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb, type Step } from "./breadcrumb.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { toastRefusal } from "./problem.ts";
import { againAddress, restoreCard } from "./restore-card.ts";
import { jobStyles } from "./rm-page-job.styles.ts";
import { BackupStart } from "./start-backup.ts";
import { plainText } from "../elements/plain-text.ts";
import "../elements/rm-copy/rm-copy.ts";
import "../elements/rm-job-log/rm-job-log.ts";
import "../elements/rm-job-progress/rm-job-progress.ts";

const shownRates = 60;
/** A backup that starts later than this after its time is called late, in milliseconds. */
const lateMs = 90_000;

/** `/jobs/:id`: one run, while it runs and afterwards. */
@customElement("rm-page-job")
export class RmPageJob extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    placeholderStyles,
    flagStyles,
    jobStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor jobId = "";
  /** The address, which holds what the log is searched for. */
  @property({ attribute: false }) accessor url!: URL;
  @state() accessor cancelling = false;
  #resource!: Resource<Job>;
  readonly #job = new Watch<Loadable<Job>>(this);
  readonly #log = new Watch<JobLog>(this);
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);
  readonly #clock = new Ticking(this);
  readonly #start = new BackupStart(this);
  #rates: readonly number[] = [];
  #lastProgress: Job["progress"] = null;
  #shownLog = "";

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) this.#hosts.watch(this.data.hosts.list);
    if (changed.has("data") || changed.has("jobId")) this.#open();
    const job = this.#loaded;
    if (job === null) return;
    document.title = `${jobTitle(job)} · restic-manager`;
    this.#showLog(job);
    if (job.progress !== this.#lastProgress) this.#sample(job);
  }

  override render() {
    const job = this.#job.value;
    if (job?.state === "failed")
      return loadFailed("Job", job.error, () => void this.#resource.reload());
    const loaded = this.#loaded;
    const way: Step[] = [["/", "Fleet"]];
    if (loaded !== null)
      way.push([`/hosts/${loaded.host_id}`, loaded.host_name]);
    return html`${breadcrumb(way, `Job ${shortId(this.jobId)}`)}
      <div class="header">
        <h1 tabindex="-1">
          ${loaded === null ? "Job" : html`${jobTitle(loaded)}${pill(jobStates[loaded.state])}`}
        </h1>
        <span class="spring"></span>
        ${loaded === null ? nothing : this.#action(loaded)}
      </div>
      ${loaded === null ? rowsSkeleton(6) : this.#body(loaded)}`;
  }

  #body(job: Job): TemplateResult {
    return html`<p class="facts">
        <span>Job <span class="mono">${shortId(job.id)}</span></span>
        <span>started by ${startedBy(job)}</span>
        ${this.#late(job)} ${this.#when(job)}
      </p>
      ${this.#waiting(job)}${this.#lostAgent(job)}
      <rm-job-progress .job=${job} .rates=${this.#rates}></rm-job-progress>
      <div class="columns">
        <rm-job-log
          .lines=${this.#log.value?.lines ?? []}
          .problem=${this.#logProblem}
          .search=${this.#logFilter.q}
          .issuesOnly=${this.#logFilter.issues}
          .loading=${this.#log.value?.loaded !== true}
          .live=${job.finished_at === null}
          .download="/api/jobs/${job.id}/log"
          @rm-filter=${(event: FilterEvent) => this.#filterLog(event)}
        ></rm-job-log>
        <aside aria-label="About this job">
          ${this.#reading(job)}${this.#restored(job)}${this.#details(job)}${this.#command(job)}
        </aside>
      </div>`;
  }

  /** A backup that is not of its time: caught up, or tried again. */
  #late({ due_at, started_at }: Job): TemplateResult | typeof nothing {
    if (due_at === null || started_at === null) return nothing;
    const late = Date.parse(started_at) - Date.parse(due_at);
    return late < lateMs
      ? nothing
      : html`<span class="num" title=${time(Date.parse(due_at), "full")}
          >was due ${time(Date.parse(due_at), "dayTime")}</span
        >`;
  }

  /** Upkeep waits for the repository, not for its host. */
  #waiting(job: Job): TemplateResult | typeof nothing {
    const { state, repository_id } = job;
    if (state !== "queued" || isOfHost(job) || repository_id === null)
      return nothing;
    return html`<p class="notice run">
      ${icon("info")}<span
        >Another job uses the repository; this one starts by itself when it has
        ended.
        <a
          class="link"
          href="/jobs?repository=${repository_id}&amp;state=running"
          >Show what runs</a
        ></span
      >
    </p>`;
  }

  /** A job outlives its connection: say so instead of showing a bar that stands still. */
  #lostAgent(job: Job): TemplateResult | typeof nothing {
    if (job.finished_at !== null) return nothing;
    const host = this.#knownHosts.find(({ id }) => id === job.host_id);
    if (host === undefined || host.online) return nothing;
    const seen =
      host.last_seen_at === null
        ? ""
        : `, last seen ${relativeTime(Date.parse(host.last_seen_at), this.#clock.now)}`;
    return html`<p class="notice run">
      ${icon("unlink")}<span
        >${host.name} is not connected${seen}. The job goes on there; what it
        did comes with the next connection.</span
      >
    </p>`;
  }

  #when(job: Job): TemplateResult {
    const at = Date.parse(job.started_at ?? job.queued_at);
    const word = job.started_at === null ? "queued" : "started";
    return html`<span class="num" title=${time(at, "full")}
      >${word} ${relativeTime(at, this.#clock.now)},
      ${time(at, "dayTime")}</span
    >`;
  }

  #action(job: Job): TemplateResult | typeof nothing {
    const { session } = this.data;
    if (job.finished_at === null) {
      if (!session.can("jobs.cancel")) return nothing;
      const asked = job.cancel_requested || this.cancelling;
      return html`<button
        class="button danger"
        ?disabled=${asked}
        @click=${() => this.#cancel(job)}
      >
        ${icon("stop", 14)}${asked ? "Cancelling" : "Cancel job"}
      </button>`;
    }
    if (job.kind === "backup") return this.#again(job);
    if (job.kind === "restore") return this.#restoreAgain(job);
    return job.repository_id === null
      ? nothing
      : html`<a class="button" href="/repositories/${job.repository_id}"
          >${icon("database", 14)}Open repository</a
        >`;
  }

  #again(job: Job): TemplateResult | typeof nothing {
    const { state, source_group_id: groupId } = job;
    // Null when the group was deleted: no other one is the same again.
    if (state === "succeeded" || groupId === null) return nothing;
    if (!this.data.session.can("jobs.run")) return nothing;
    const starting = this.#start.hostIds.has(job.host_id);
    return html`<button
      class="button"
      ?disabled=${starting}
      @click=${() => this.#start.run(this.data, job.host_id, groupId)}
    >
      ${starting ? busy() : icon("retry", 14)}${starting ? "Starting" : "Run again"}
    </button>`;
  }

  #restoreAgain(job: Job): TemplateResult | typeof nothing {
    return job.restore_request === null ||
      !this.data.session.can("restore.browse")
      ? nothing
      : html`<a class="button" href=${againAddress(job, job.restore_request)}
          >${icon("retry", 14)}Restore again</a
        >`;
  }

  #restored(job: Job): TemplateResult | typeof nothing {
    return restoreCard(job, {
      hosts: this.#knownHosts,
      browses: this.data.session.can("restore.browse"),
    });
  }

  #reading(job: Job): TemplateResult | typeof nothing {
    const files = job.progress?.current_files ?? [];
    if (job.finished_at !== null || files.length === 0) return nothing;
    return html`<section class="card section">
      <div class="section-head">
        <h2>${job.kind === "restore" ? "Restoring" : "Reading"} now</h2>
      </div>
      <ul class="files">
        ${files.map((file) => html`<li title=${plainText(file)}><bdi>${plainText(file)}</bdi></li>`)}
      </ul>
    </section>`;
  }

  #details(job: Job): TemplateResult {
    const row = (label: string, value: string | TemplateResult | null) =>
      value === null
        ? nothing
        : html`<dt>${label}</dt>
            <dd>${value}</dd>`;
    return html`<section class="card section">
      <div class="section-head"><h2>Details</h2></div>
      <dl class="pairs">
        ${row(isOfHost(job) ? "Host" : "Done by", html`<a class="link" href="/hosts/${job.host_id}">${job.host_name}</a>`)}
        ${row("Source group", job.source_group_name)}
        ${row("Repository", job.repository_id === null ? job.repository_name : html`<a class="link" href="/repositories/${job.repository_id}">${job.repository_name}</a>`)}
        ${row("Queued", html`<span class="num">${time(Date.parse(job.queued_at), "dayTime")}</span>`)}
        ${job.finished_at === null ? nothing : row("Ended", html`<span class="num">${time(Date.parse(job.finished_at), "dayTime")}</span>`)}
        ${
          job.snapshot_id === null || job.kind === "restore"
            ? nothing
            : row(
                "Snapshot",
                html`<span class="mono" title=${job.snapshot_id}
                  >${job.snapshot_id.slice(0, 8)}</span
                >`,
              )
        }
      </dl>
    </section>`;
  }

  #command(job: Job): TemplateResult | typeof nothing {
    if (job.command === null) return nothing;
    return html`<section class="card section">
      <div class="section-head">
        <h2>Command</h2>
        <span class="spring"></span>
        <rm-copy
          compact
          label="Copy the command"
          .value=${job.command}
        ></rm-copy>
      </div>
      <pre>${wholeFlags(plainText(job.command))}</pre>
    </section>`;
  }

  #open(): void {
    this.#resource = this.data.jobs.detail(this.jobId);
    this.#job.watch(this.#resource);
    this.#log.forget();
    this.#shownLog = "";
    this.#rates = [];
    this.#lastProgress = null;
  }

  #showLog(job: Job): void {
    const filter = this.#logFilter;
    const shown = JSON.stringify(filter);
    if (shown === this.#shownLog) return;
    this.#shownLog = shown;
    // A search looks through all of it; else the newest lines are enough.
    const after = isFiltered(filter)
      ? 0
      : Math.max(0, job.log_lines - keptLines);
    this.#log.watch(this.data.jobLog(job.id, after, filter));
  }

  get #logFilter(): LogFilter {
    const { searchParams } = this.url;
    return {
      q: searchParams.get("q") ?? "",
      issues: searchParams.has("issues"),
    };
  }

  #filterLog(event: FilterEvent): void {
    event.stopPropagation();
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(event.change)) {
      if (value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    this.dispatchEvent(new NavigateEvent(url.href, { replace: true }));
  }

  get #logProblem(): string {
    const error = this.#log.value?.error;
    return error == null ? "" : errorWords(error);
  }

  get #knownHosts(): readonly HostRow[] {
    const hosts = this.#hosts.value;
    return hosts?.state === "ready" ? hosts.value : [];
  }

  get #loaded(): Job | null {
    const job = this.#job.value;
    return job?.state === "ready" ? job.value : null;
  }

  #sample({ progress }: Job): void {
    this.#lastProgress = progress;
    if (progress?.rate != null)
      this.#rates = [...this.#rates, progress.rate].slice(-shownRates);
  }

  async #cancel(job: Job): Promise<void> {
    this.cancelling = true;
    try {
      this.#resource.replace(await this.data.jobs.cancel(job.id));
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.cancelling = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-job": RmPageJob;
  }
}
