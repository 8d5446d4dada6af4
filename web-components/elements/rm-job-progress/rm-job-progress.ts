import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  BackupStats,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { table } from "../../styles/table.ts";
import { area } from "../charts.ts";
import { bytes, count, duration, plural } from "../format.ts";
import { icon } from "../icon.ts";
import { elapsedText, isOfHost } from "../job-words.ts";
import { restoreFacts } from "./restore-result.ts";
import { groupTable, upkeepFacts } from "./upkeep-result.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { jobProgressStyles } from "./rm-job-progress.styles.ts";
import { plainText } from "../plain-text.ts";

const phaseNames = {
  pre_hook: "Pre-hook",
  scanning: "Scan",
  backup: "Backup",
  finishing: "Finish",
  post_hook: "Post-hook",
} as const;
type Phase = keyof typeof phaseNames;
const phases = Object.keys(phaseNames) as Phase[];

/** Phases that take as long as they take. */
const unmeasured: ReadonlySet<JobProgress["phase"]> = new Set([
  "waiting",
  "locked",
  "pre_hook",
  "post_hook",
]);

/** How far a job is while it runs, and what it did when it has ended. */
@customElement("rm-job-progress")
export class RmJobProgress extends LitElement {
  static override styles = [base, parts, table, jobProgressStyles];

  @property({ attribute: false }) accessor job!: Job;
  /** Bytes per second of the last minute, one a second, the newest last. */
  @property({ attribute: false }) accessor rates: readonly number[] = [];
  readonly #clock = new Ticking(this, 1000);
  /** Hooks are steps of the way once they were seen: most backups have none. */
  #hooks: readonly string[] = [];

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("job") as Job | undefined;
    if (before !== undefined && before.id !== this.job.id) this.#hooks = [];
    const phase = this.job.progress?.phase;
    if (phase === "pre_hook" || phase === "post_hook")
      this.#hooks = [...new Set([...this.#hooks, phase])];
  }

  override render() {
    const { progress } = this.job;
    if (this.job.finished_at !== null) return this.#ended();
    const percent = measured(progress);
    return html`<section class="card progress" aria-label="Progress">
      <div class="line">
        ${percent === null ? nothing : html`<span class="percent num">${Math.floor(percent)}%</span>`}
        <span class="num ${percent === null ? "doing" : "text-2"}"
          >${this.#ahead(progress)}</span
        >
        <span class="spring"></span>
        ${progress === null || this.job.kind !== "backup" ? nothing : this.#phases(progress)}
      </div>
      ${this.#bar(percent)}
      ${progress === null ? nothing : this.#facts(progress)}
    </section>`;
  }

  #ahead(progress: JobProgress | null): string {
    if (progress === null) {
      if (this.job.state !== "queued")
        return "Waits for the agent's first report";
      return isOfHost(this.job)
        ? "Waits for its turn"
        : "Waits until no other job uses the repository";
    }
    const { seconds_remaining: left, rate } = progress;
    switch (progress.phase) {
      case "waiting":
        return "Waits for another job of this host";
      case "locked":
        return "Waits: the repository is locked; the log says by whom";
      case "pre_hook":
        return "Runs the pre-hook";
      case "scanning":
        return "Counting files";
      case "finishing":
        return "Saving the snapshot";
      case "post_hook":
        return "Runs the post-hook";
      case "working":
        return left === null ? "At work" : `${duration(left * 1000)} left`;
      case "backup":
      case "restoring": {
        const at = rate === null ? "" : ` at ${bytes(rate)}/s`;
        const doing = progress.phase === "backup" ? "Backing up" : "Restoring";
        return left === null
          ? `${doing}${at}`
          : `${duration(left * 1000)} left${at}`;
      }
    }
  }

  #phases({ phase }: JobProgress): TemplateResult {
    const shown = phases.filter(
      (name) => !name.endsWith("_hook") || this.#hooks.includes(name),
    );
    const at = shown.indexOf(phase as Phase);
    return html`<ol class="phases">
      ${shown.map((name, index) => {
        if (index < at)
          return html`<li class="done">
            <span class="ok">${icon("check", 15)}</span>${phaseNames[name]}
          </li>`;
        if (index === at)
          return html`<li class="current" aria-current="step">
            ${busy()}${phaseNames[name]}
          </li>`;
        return html`<li>${phaseNames[name]}</li>`;
      })}
    </ol>`;
  }

  #bar(percent: number | null): TemplateResult {
    return html`<div
      class="bar"
      role="progressbar"
      aria-label="Progress of the job"
      aria-valuenow=${percent === null ? nothing : Math.floor(percent)}
      aria-valuemin="0"
      aria-valuemax="100"
    >
      <i .style=${`width:${percent ?? 0}%`}></i>
    </div>`;
  }

  #facts(progress: JobProgress): TemplateResult {
    const latest = this.rates.at(-1);
    const moves = isOfHost(this.job);
    const done = this.job.kind === "restore" ? "Restored" : "Processed";
    return html`<div class="facts">
      <dl class="num">
        ${moves ? fact(done, ofTotal(progress.bytes_done, progress.bytes_total, bytes)) : nothing}
        ${moves ? fact("Files", ofTotal(progress.files_done, progress.files_total, count)) : nothing}
        ${fact("Running for", elapsedText(this.job, this.#clock.now))}
        ${issues(progress.errors)}
      </dl>
      ${
        moves
          ? html`<div class="rates">
              <p class="small text-2">Throughput, last minute</p>
              ${area(this.rates, `Throughput of the last minute, now ${latest === undefined ? "unknown" : `${bytes(latest)} a second`}`, { steps: 60 })}
            </div>`
          : nothing
      }
    </div>`;
  }

  #ended(): TemplateResult {
    const { stats, upkeep, restore, error } = this.job;
    return html`<section class="card progress" aria-label="Result">
      ${
        error === null
          ? nothing
          : html`<div
              class="notice ${this.job.state === "succeeded_with_issues" ? "warn" : "bad"}"
            >
              ${icon("warning")}<span
                >${plainText(error.message)} <code>${error.code}</code></span
              >
            </div>`
      }
      <dl class="facts num">
        ${fact("Took", elapsedText(this.job, this.#clock.now))}
        ${stats === null ? nothing : this.#statsFacts(stats)}
        ${upkeep === null ? nothing : upkeepFacts(upkeep).map(([label, value]) => fact(label, value))}
        ${restore === null ? nothing : restoreFacts(restore).map(([label, value]) => fact(label, value))}
        ${restore === null ? nothing : issues(restore.errors)}
        ${this.job.exit_code === null ? nothing : fact("Exit code of restic", String(this.job.exit_code))}
      </dl>
      ${upkeep?.groups === undefined ? nothing : groupTable(upkeep.groups)}
    </section>`;
  }

  #statsFacts(stats: BackupStats): TemplateResult {
    const size = (label: string, value: number | undefined) =>
      value === undefined ? nothing : fact(label, bytes(value));
    const number = (label: string, value: number | undefined) =>
      value === undefined ? nothing : fact(label, count(value));
    return html`${size("Processed", stats.total_bytes_processed)}${number("Files", stats.total_files_processed)}
    ${number("New", stats.files_new)}${number("Changed", stats.files_changed)}
    ${size("New data", stats.data_added)}${size("Stored", stats.data_added_packed)}
    ${issues(stats.errors)}`;
  }
}

/** Null while restic does not say how far it is. */
function measured(progress: JobProgress | null): number | null {
  if (progress === null || unmeasured.has(progress.phase)) return null;
  const { phase, percent } = progress;
  return phase === "working" && percent === 0 ? null : percent;
}

/** The total is not known before files are counted. */
function ofTotal(
  done: number,
  total: number,
  format: (value: number) => string,
): string {
  return total === 0 ? format(done) : `${format(done)} of ${format(total)}`;
}

function issues(errors: number | undefined): TemplateResult | typeof nothing {
  return errors === undefined || errors === 0
    ? nothing
    : fact(
        "Issues",
        html`<span class="warn-text">${plural(errors, "issue")}</span>`,
      );
}

function fact(label: string, value: string | TemplateResult): TemplateResult {
  return html`<div>
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-job-progress": RmJobProgress;
  }
}
