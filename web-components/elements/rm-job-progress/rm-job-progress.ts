import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type {
  BackupStats,
  JobProgress,
} from "@restic-manager/shared/domain/job.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { area } from "../charts.ts";
import { bytes, count, duration, plural } from "../format.ts";
import { icon } from "../icon.ts";
import { elapsedText } from "../job-words.ts";
import { busy } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { jobProgressStyles } from "./rm-job-progress.styles.ts";
import { plainText } from "../plain-text.ts";

const phases = ["scanning", "backup", "finishing"] as const;
const phaseNames: Readonly<Record<(typeof phases)[number], string>> = {
  scanning: "Scan",
  backup: "Backup",
  finishing: "Finish",
};

/** How far a job is while it runs, and what it did when it has ended. */
@customElement("rm-job-progress")
export class RmJobProgress extends LitElement {
  static override styles = [base, parts, jobProgressStyles];

  @property({ attribute: false }) accessor job!: Job;
  /** Bytes per second of the last minute, one a second, the newest last. */
  @property({ attribute: false }) accessor rates: readonly number[] = [];
  readonly #clock = new Ticking(this, 1000);

  override render() {
    const { progress } = this.job;
    if (this.job.finished_at !== null) return this.#ended();
    return html`<section class="card progress" aria-label="Progress">
      <div class="line">
        <span class="percent num"
          >${progress === null ? "–" : `${Math.floor(progress.percent)}%`}</span
        >
        <span class="text-2 num">${this.#ahead(progress)}</span>
        <span class="spring"></span>
        ${progress === null ? nothing : this.#phases(progress)}
      </div>
      ${this.#bar(progress)}
      ${progress === null ? nothing : this.#facts(progress)}
    </section>`;
  }

  #ahead(progress: JobProgress | null): string {
    if (progress === null)
      return this.job.state === "queued"
        ? "Waits for its turn"
        : "Waits for the agent's first report";
    switch (progress.phase) {
      case "waiting":
        return "Waits for another job of this host";
      case "scanning":
        return "Counting files";
      case "finishing":
        return "Saving the snapshot";
      case "backup": {
        const { seconds_remaining: left, rate } = progress;
        const at = rate === null ? "" : ` at ${bytes(rate)}/s`;
        return left === null
          ? `Backing up${at}`
          : `${duration(left * 1000)} left${at}`;
      }
    }
  }

  #phases({ phase }: JobProgress): TemplateResult {
    const at = phases.indexOf(phase as (typeof phases)[number]);
    return html`<ol class="phases">
      ${phases.map((name, index) => {
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

  #bar(progress: JobProgress | null): TemplateResult {
    const percent = progress?.percent ?? 0;
    return html`<div
      class="bar"
      role="progressbar"
      aria-label="Progress of the backup"
      aria-valuenow=${Math.floor(percent)}
      aria-valuemin="0"
      aria-valuemax="100"
    >
      <i .style=${`width:${percent}%`}></i>
    </div>`;
  }

  #facts(progress: JobProgress): TemplateResult {
    const latest = this.rates.at(-1);
    return html`<div class="facts">
      <dl class="num">
        ${fact("Processed", ofTotal(progress.bytes_done, progress.bytes_total, bytes))}
        ${fact("Files", ofTotal(progress.files_done, progress.files_total, count))}
        ${fact("Running for", elapsedText(this.job, this.#clock.now))}
        ${progress.errors === 0 ? nothing : fact("Issues", html`<span class="warn-text">${plural(progress.errors, "issue")}</span>`)}
      </dl>
      <div class="rates">
        <p class="small text-2">Throughput, last minute</p>
        ${area(this.rates, `Throughput of the last minute, now ${latest === undefined ? "unknown" : `${bytes(latest)} a second`}`, { steps: 60 })}
      </div>
    </div>`;
  }

  #ended(): TemplateResult {
    const { stats, error } = this.job;
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
        ${this.job.exit_code === null ? nothing : fact("Exit code of restic", String(this.job.exit_code))}
      </dl>
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
    ${
      stats.errors === undefined || stats.errors === 0
        ? nothing
        : fact(
            "Issues",
            html`<span class="warn-text"
              >${plural(stats.errors, "issue")}</span
            >`,
          )
    }`;
  }
}

/** The total is not known before files are counted. */
function ofTotal(
  done: number,
  total: number,
  format: (value: number) => string,
): string {
  return total === 0 ? format(done) : `${format(done)} of ${format(total)}`;
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
