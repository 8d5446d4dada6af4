import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, nothing, type TemplateResult } from "lit";
import { bytes, plural } from "../elements/format.ts";
import { repositoryPill } from "../elements/repository-words.ts";

/** How a repository stands, beside other things; its page says more. */
export function repositoryCard(repository: Repository): TemplateResult {
  const { id, name, url, stats } = repository;
  const stale = stats.locks.filter(({ state }) => state !== "live").length;
  return html`<section class="card section">
    <div class="section-head">
      <h2>Repository</h2>
      <span class="spring"></span>
      <a
        class="link small"
        href="/repositories/${id}"
        aria-label="Open repository ${name}"
        >Open</a
      >
    </div>
    <dl class="pairs">
      <dt>Name</dt>
      <dd>${name}</dd>
      <dt>Address</dt>
      <dd class="mono truncate" title=${url}>${url}</dd>
      <dt>State</dt>
      <dd>${repositoryPill(repository)}</dd>
      ${stats.raw_size === null ? nothing : pair("Stored", bytes(stats.raw_size))}
      ${stats.dedup_ratio === null ? nothing : pair("Deduplication", `${stats.dedup_ratio.toFixed(1)}×`)}
      ${stale === 0 ? nothing : pair("Locks", html`<span class="warn-text">${plural(stale, "stale lock")}</span>`)}
    </dl>
  </section>`;
}

function pair(label: string, value: string | TemplateResult): TemplateResult {
  return html`<dt>${label}</dt>
    <dd class="num">${value}</dd>`;
}
