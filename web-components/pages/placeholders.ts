import { html, type TemplateResult } from "lit";
import type { ApiError } from "../data/api-error.ts";
import { icon } from "../elements/icon.ts";

/** The fleet's geometry while it loads, so that nothing moves when it is there. */
export function fleetSkeleton(): TemplateResult {
  return html`<div class="tiles" aria-hidden="true">
      ${[0, 1, 2, 3].map(
        () =>
          html`<div class="card tile">
            <div class="skeleton" .style=${"width:80px;height:12px"}></div>
            <div class="skeleton" .style=${"width:120px;height:28px"}></div>
            <div class="skeleton" .style=${"height:8px;align-self:end"}></div>
          </div>`,
      )}
    </div>
    ${rowsSkeleton(8)}`;
}

export function rowsSkeleton(rows: number): TemplateResult {
  return html`<div class="card skeleton-rows" aria-hidden="true">
    ${Array.from(
      { length: rows },
      (_, index) =>
        html`<div class="row skeleton-row">
          <div
            class="skeleton"
            .style=${`width:${120 + ((index * 23) % 60)}px;height:14px`}
          ></div>
          <div
            class="skeleton"
            .style=${"width:180px;height:14px;flex-shrink:1"}
          ></div>
          <div class="spring"></div>
          <div class="skeleton" .style=${"width:72px;height:26px"}></div>
        </div>`,
    )}
  </div>`;
}

const failures: Readonly<Record<string, string>> = {
  unreachable: "The server does not answer",
  host_not_found: "This host is not here",
  job_not_found: "This job is not here",
  repository_not_found: "This repository is not here",
};

/** A page that could not be loaded at all: why, and the way to try again. */
export function loadFailed(
  title: string,
  error: ApiError,
  retry: () => void,
): TemplateResult {
  return html`<div class="header"><h1 tabindex="-1">${title}</h1></div>
    <div class="card load-failed">
      <span class="bad">${icon("unlink", 20)}</span>
      <h2>${failures[error.code] ?? "This could not be loaded"}</h2>
      <p class="text-2">${error.message}</p>
      ${error.requestId === "" ? "" : html`<p class="small text-3">${error.code} · request ${error.requestId}</p>`}
      <button class="button" @click=${retry}>
        ${icon("retry", 14)}Try again
      </button>
    </div>`;
}
