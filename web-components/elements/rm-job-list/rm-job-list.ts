import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base } from "../../styles/base.ts";
import { table } from "../../styles/table.ts";
import { relativeTime, time } from "../format.ts";
import {
  elapsedText,
  kindName,
  resultText,
  shortId,
  startedBy,
} from "../job-words.ts";
import { jobStates, pill } from "../status.ts";
import { Ticking } from "../ticking.ts";
import { plainText } from "../plain-text.ts";

/** Jobs, those that run first, then by time. */
@customElement("rm-job-list")
export class RmJobList extends LitElement {
  static override styles = [
    base,
    table,
    css`
      @media (max-width: 719px) {
        .job {
          min-width: 80px;
          white-space: normal;
          overflow-wrap: anywhere;
        }
        :host([narrow]) .host {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor jobs: readonly Job[] = [];
  /** Whether to name the host of each. */
  @property({ type: Boolean }) accessor hosts = false;
  /** Beside other things: what matters least is left out. */
  @property({ type: Boolean, reflect: true }) accessor narrow = false;
  readonly #clock = new Ticking(this, 10_000);

  override render() {
    const open = this.jobs.filter((job) => job.finished_at === null);
    const done = this.jobs.filter((job) => job.finished_at !== null);
    return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>State</th>
            <th>Job</th>
            ${this.hosts ? html`<th class="host">Host</th>` : nothing}
            <th>Started</th>
            <th class="medium">By</th>
            <th class="right medium">Took</th>
            ${this.narrow ? nothing : html`<th class="wide">Result</th>`}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            [...open, ...done],
            (job) => job.id,
            (job) => this.#row(job),
          )}
        </tbody>
      </table>
    </div>`;
  }

  #row(job: Job): TemplateResult {
    const now = this.#clock.now;
    const at = Date.parse(job.started_at ?? job.queued_at);
    return html`<tr>
      <td>${pill(jobStates[job.state])}</td>
      <td class="job">
        <a href="/jobs/${job.id}"
          >${kindName(job.kind)}${this.#about(job)}
          <span class="mono text-2 medium">${shortId(job.id)}</span></a
        >
      </td>
      ${
        this.hosts
          ? html`<td class="host">
              <div class="truncate">
                <a href="/hosts/${job.host_id}">${job.host_name}</a>
              </div>
            </td>`
          : nothing
      }
      <td class="num" title=${time(at, "full")}>${relativeTime(at, now)}</td>
      <td class="text-2 medium">${startedBy(job)}</td>
      <td class="right num text-2 medium">${elapsedText(job, now)}</td>
      ${this.narrow ? nothing : html`<td class="wide">${this.#result(job)}</td>`}
    </tr>`;
  }

  /** Upkeep is of a repository; which one a backup used, its group says. */
  #about({ kind, source_group_name, repository_name }: Job): string {
    const about = kind === "backup" ? source_group_name : repository_name;
    return about === null ? "" : ` ${plainText(about)}`;
  }

  #result(job: Job): TemplateResult {
    const reason = job.error === null ? "" : plainText(job.error.message);
    const text = reason === "" ? resultText(job) : reason;
    return html`<div class="truncate text-2 num" title=${text}>${text}</div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-job-list": RmJobList;
  }
}
