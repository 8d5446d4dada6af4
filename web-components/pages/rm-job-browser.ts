import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { JobList } from "@restic-manager/shared/api/jobs.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { JobsResource } from "../data/jobs.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { isFiltered, jobAddress, jobFilter } from "../elements/job-filter.ts";
import type { FilterEvent } from "../events/filter.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";
import { table } from "../styles/table.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import "../elements/rm-job-filter/rm-job-filter.ts";
import "../elements/rm-job-list/rm-job-list.ts";
import "./rm-older.ts";

/** Jobs of a host or of all, as the address filters them. */
@customElement("rm-job-browser")
export class RmJobBrowser extends LitElement {
  static override styles = [base, parts, table, placeholderStyles];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  /** Empty for every host. */
  @property() accessor hostId = "";
  #resource!: JobsResource;
  #shown = "";
  readonly #jobs = new Watch<Loadable<JobList>>(this);
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) this.#hosts.watch(this.data.hosts.list);
    const filter = jobFilter(this.url, this.hostId);
    const shown = JSON.stringify(filter);
    if (shown === this.#shown && !changed.has("data")) return;
    this.#shown = shown;
    this.#resource = this.data.jobs.list(filter);
    this.#jobs.watch(this.#resource);
  }

  override render() {
    const jobs = this.#jobs.value;
    const hosts = this.#hosts.value;
    return html`<rm-job-filter
        .url=${this.url}
        .hosts=${this.hostId === "" && hosts?.state === "ready" ? hosts.value : []}
        @rm-filter=${(event: FilterEvent) => this.#apply(event)}
      ></rm-job-filter>
      ${this.#content(jobs)}`;
  }

  #content(jobs: Loadable<JobList> | undefined): TemplateResult {
    if (jobs?.state === "failed")
      return loadFailed("Jobs", jobs.error, () => void this.#resource.reload());
    return jobs?.state === "ready" ? this.#list(jobs.value) : rowsSkeleton(8);
  }

  #list({ jobs, next_cursor }: JobList): TemplateResult {
    if (jobs.length === 0) return this.#empty();
    return html`<div class="card section">
      <rm-job-list .jobs=${jobs} ?hosts=${this.hostId === ""}></rm-job-list>
      ${
        next_cursor === null
          ? nothing
          : html`<rm-older
              what="jobs"
              .load=${() => this.#resource.more()}
            ></rm-older>`
      }
    </div>`;
  }

  #empty(): TemplateResult {
    if (!isFiltered(this.url))
      return html`<div class="card nothing">
        <h2>Nothing has run yet</h2>
        <p>Jobs appear here as soon as a host starts one.</p>
      </div>`;
    return html`<div class="card nothing">
      <h2>No job is like this</h2>
      <p>
        <a class="link" href=${jobAddress(this.url, null)}>Show every job</a>
      </p>
    </div>`;
  }

  #apply(event: FilterEvent): void {
    event.stopPropagation();
    const href = jobAddress(this.url, event.change);
    this.dispatchEvent(new NavigateEvent(href, { replace: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-job-browser": RmJobBrowser;
  }
}
