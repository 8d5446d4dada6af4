import type { JobList } from "@restic-manager/shared/api/jobs.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { JobsResource } from "../data/jobs.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { plural } from "../elements/format.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { table } from "../styles/table.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { jobsStyles } from "./rm-page-jobs.styles.ts";
import "../elements/rm-job-list/rm-job-list.ts";

/** `/jobs`: what runs and what has run, on every host. */
@customElement("rm-page-jobs")
export class RmPageJobs extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    table,
    placeholderStyles,
    jobsStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @state() accessor loadingMore = false;
  #resource!: JobsResource;
  readonly #jobs = new Watch<Loadable<JobList>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("data")) return;
    this.#resource = this.data.jobs.list();
    this.#jobs.watch(this.#resource);
  }

  override render() {
    const jobs = this.#jobs.value;
    if (jobs?.state === "failed")
      return loadFailed("Jobs", jobs.error, () => void this.#resource.reload());
    return html`<div class="header">
        <div>
          <h1 tabindex="-1">Jobs</h1>
          <p class="text-2">
            ${jobs?.state === "ready" ? this.#headline(jobs.value) : "Loading jobs"}
          </p>
        </div>
      </div>
      ${jobs?.state === "ready" ? this.#list(jobs.value) : rowsSkeleton(8)}`;
  }

  #headline({ jobs }: JobList): string {
    const running = jobs.filter((job) => job.finished_at === null).length;
    return running === 0
      ? "Nothing runs at the moment."
      : `${plural(running, "job")} running or about to.`;
  }

  #list({ jobs, next_cursor }: JobList): TemplateResult {
    if (jobs.length === 0) {
      return html`<div class="card nothing">
        <h2>Nothing has run yet</h2>
        <p>Backups appear here as soon as a host starts one.</p>
      </div>`;
    }
    return html`<div class="card section">
      <rm-job-list .jobs=${jobs} hosts></rm-job-list>
      ${
        next_cursor === null
          ? nothing
          : html`<div class="more">
              <button
                class="button"
                ?disabled=${this.loadingMore}
                @click=${() => this.#more()}
              >
                Show older jobs
              </button>
            </div>`
      }
    </div>`;
  }

  async #more(): Promise<void> {
    this.loadingMore = true;
    await this.#resource.more();
    this.loadingMore = false;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-jobs": RmPageJobs;
  }
}
