import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, nothing, type TemplateResult } from "lit";
import { type Feature, featureStates } from "../elements/feature-state.ts";
import { bytes, plural, relativeTime } from "../elements/format.ts";
import { repositoryPill } from "../elements/repository-words.ts";
import { pill } from "../elements/status.ts";
import { notEnforcedTexts } from "../elements/upkeep-words.ts";

/** How a repository stands, beside other things; its page says more. */
export function repositoryCard(
  repository: Repository,
  now: number,
): TemplateResult {
  const { id, name, url, stats } = repository;
  const stale = stats.locks.filter(({ state }) => state !== "live").length;
  const { state, reason } = retention(repository);
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
      <dt>Retention</dt>
      <dd title=${reason === "" ? nothing : reason}>
        ${pill(featureStates[state])}
      </dd>
      ${stats.raw_size === null ? nothing : pair("Stored", bytes(stats.raw_size))}
      ${stats.dedup_ratio === null ? nothing : pair("Deduplication", `${stats.dedup_ratio.toFixed(1)}×`)}
      ${pair("Checked", checked(stats, now))}
      ${stale === 0 ? nothing : pair("Locks", html`<span class="warn-text">${plural(stale, "stale lock")}</span>`)}
    </dl>
  </section>`;
}

function retention({ retention: { state, reason } }: Repository): Feature {
  switch (state) {
    case "off":
      return { state: "off", reason: "Every snapshot is kept." };
    case "on":
      return { state: "on", reason: "" };
    case "not_enforced":
      return {
        state:
          reason === "admin_credential_missing" || reason === "forget_off"
            ? "incomplete"
            : "failing",
        reason: `Not enforced: ${notEnforcedTexts[reason ?? "forget_overdue"]}`,
      };
  }
}

function checked(
  { last_check_at, last_check_ok }: Repository["stats"],
  now: number,
): string | TemplateResult {
  if (last_check_at === null) return "never";
  const ago = relativeTime(Date.parse(last_check_at), now);
  return last_check_ok === true
    ? `passed ${ago}`
    : html`<span class="bad-text">errors ${ago}</span>`;
}

function pair(label: string, value: string | TemplateResult): TemplateResult {
  return html`<dt>${label}</dt>
    <dd class="num">${value}</dd>`;
}
