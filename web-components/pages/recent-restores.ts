import type { Job, JobList } from "@restic-manager/shared/api/jobs.ts";
import { html, nothing, type TemplateResult } from "lit";
import { relativeTime, time } from "../elements/format.ts";
import { resultText, startedBy } from "../elements/job-words.ts";
import { plainText } from "../elements/plain-text.ts";
import { glyph, jobStates } from "../elements/status.ts";
import type { TabParts } from "./host-tabs.ts";

const shownRestores = 5;

/** The last restores that went to this host; nothing where there was none. */
export function recentRestores(
  { host, now }: TabParts,
  list: JobList | null,
): TemplateResult | typeof nothing {
  const jobs = list?.jobs ?? [];
  if (jobs.length === 0) return nothing;
  return html`<section class="card section" aria-label="Recent restores">
    <div class="section-head">
      <h2>Recent restores</h2>
      <span class="spring"></span>
      <a class="link small" href="/hosts/${host.id}?tab=jobs&amp;kind=restore"
        >All</a
      >
    </div>
    <ul class="restores">
      ${jobs.slice(0, shownRestores).map((job) => line(job, now))}
    </ul>
  </section>`;
}

function line(job: Job, now: number): TemplateResult {
  const at = Date.parse(job.started_at ?? job.queued_at);
  const state = jobStates[job.state];
  const result = job.error === null ? resultText(job) : job.error.message;
  return html`<li>
    ${glyph(state)}
    <div>
      <p><a class="link" href="/jobs/${job.id}">${state.word}</a></p>
      <p class="small num text-2" title=${time(at, "full")}>
        ${relativeTime(at, now)}, by ${plainText(startedBy(job))}
      </p>
      <p class="small text-2">${plainText(result)}</p>
    </div>
  </li>`;
}
