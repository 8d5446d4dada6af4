import type { JobList } from "@restic-manager/shared/api/jobs.ts";
import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { plural } from "../elements/format.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { jobsStyles } from "./rm-page-jobs.styles.ts";
import "./rm-job-browser.ts";

/** `/jobs`: what runs and what has run, on every host. */
@customElement("rm-page-jobs")
export class RmPageJobs extends LitElement {
  static override styles = [base, page, jobsStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  readonly #running = new Watch<Loadable<JobList>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data"))
      this.#running.watch(this.data.jobs.list({ state: "running" }));
  }

  override render() {
    return html`<div class="header">
        <div>
          <h1 tabindex="-1">Jobs</h1>
          <p class="text-2">${this.#headline()}</p>
        </div>
      </div>
      <rm-job-browser .data=${this.data} .url=${this.url}></rm-job-browser>`;
  }

  #headline(): string {
    const running = this.#running.value;
    if (running?.state !== "ready") return "Loading jobs";
    const { jobs, next_cursor } = running.value;
    if (jobs.length === 0) return "Nothing runs at the moment.";
    return next_cursor === null
      ? `${plural(jobs.length, "job")} running or about to.`
      : `More than ${jobs.length} jobs running or about to.`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-jobs": RmPageJobs;
  }
}
