import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, type TemplateResult } from "lit";
import {
  bytes,
  count,
  plural,
  relativeTime,
  time,
} from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { vital } from "./vital.ts";

/** The six things to know about a repository. */
export function repositoryVitals(
  repository: Repository,
  now: number,
): TemplateResult {
  const { stats, snapshot_count, snapshots_refreshed_at: listed } = repository;
  return html`<dl class="vitals num">
    ${vital("Stored", stats.raw_size === null ? "Unknown" : bytes(stats.raw_size), updated(stats.updated_at, now))}
    ${vital("Before deduplication", stats.total_size === null ? "Unknown" : bytes(stats.total_size), stats.dedup_ratio === null ? "" : `${stats.dedup_ratio.toFixed(1)}× of what is stored`)}
    ${vital("Snapshots", count(snapshot_count), listed === null ? "not listed yet" : `listed ${relativeTime(Date.parse(listed), now)}`)}
    ${check(stats, now)}
    ${vital("Last prune", ago(stats.last_prune_at, now), moment(stats.last_prune_at))}
    ${locks(stats)}
  </dl>`;
}

type Stats = Repository["stats"];

function check(
  { last_check_at, last_check_ok }: Stats,
  now: number,
): TemplateResult {
  if (last_check_at === null)
    return vital("Integrity check", "Never", "none has ended yet");
  const passed = last_check_ok === true;
  return vital(
    "Integrity check",
    html`<span class=${passed ? "ok" : "bad"}
        >${icon(passed ? "shield" : "warning")}</span
      >${passed ? "Passed" : html`<span class="bad-text">Found errors</span>`}`,
    ago(last_check_at, now),
  );
}

function locks({ locks: held }: Stats): TemplateResult {
  if (held.length === 0)
    return vital(
      "Lock",
      html`<span class="off">${icon("unlock")}</span>Free`,
      "nobody holds it",
    );
  const stale = held.filter(({ state }) => state !== "live").length;
  return vital(
    "Lock",
    html`<span class=${stale > 0 ? "warn" : "run"}>${icon("lock")}</span
      >${stale > 0 ? "Stale lock" : "In use"}`,
    stale > 0
      ? `${plural(stale, "lock")} of ${held[0]!.hostname}`
      : `held by ${held[0]!.hostname}`,
  );
}

function updated(at: string | null, now: number): string {
  return at === null
    ? "comes with the next job"
    : `counted ${relativeTime(Date.parse(at), now)}`;
}

function ago(at: string | null, now: number): string {
  return at === null ? "Never" : relativeTime(Date.parse(at), now);
}

function moment(at: string | null): string {
  return at === null ? "" : time(Date.parse(at), "dateTime");
}
