import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { JobProgress } from "@restic-manager/shared/domain/job.ts";
import { html, nothing, type TemplateResult } from "lit";
import { historyStrip } from "../charts.ts";
import { bytes, count, relativeTime, time } from "../format.ts";
import { hostNote, lastBackupAt, shownHealth } from "../host-rows.ts";
import { icon } from "../icon.ts";
import type { IconName } from "../icon-shapes.ts";
import { plainText } from "../plain-text.ts";
import { platform } from "../platform.ts";
import { busy, glyph, healthStates } from "../status.ts";

export interface RowParts {
  readonly host: HostRow;
  readonly index: number;
  readonly progress: JobProgress | undefined;
  readonly now: number;
  readonly runs: boolean;
  readonly setsUp: boolean;
  readonly starting: boolean;
  /** Whether there is a column of tags. */
  readonly tagged: boolean;
  readonly onClick: (host: HostRow, event: MouseEvent) => void;
  readonly onRun: (host: HostRow) => void;
}

export function hostRow(parts: RowParts): TemplateResult {
  const { host, index, now } = parts;
  const health = shownHealth(host);
  const next = host.next_run_at === null ? null : Date.parse(host.next_run_at);
  return html`<div
    class="row ${health}"
    role="row"
    aria-rowindex=${index + 2}
    @click=${(event: MouseEvent) => parts.onClick(host, event)}
  >
    <div role="cell" class="name">
      ${glyph(healthStates[health], { labelled: true })}
      <div class="truncate">
        <a href="/hosts/${host.id}" title=${host.name}>${host.name}</a>
        ${under(host)}
      </div>
    </div>
    <div role="cell" class="last">
      ${host.running_job === null ? lastBackup(host, now) : running(parts)}
    </div>
    <div role="cell" class="days">${historyStrip(host.days)}</div>
    <div
      role="cell"
      class="next num ${next === null ? "none" : ""}"
      title=${next === null ? nothing : time(next, "full")}
    >
      ${nextRun(next, now)}
    </div>
    <div role="cell" class="snapshots num">
      ${host.snapshot_count === 0 ? html`<span class="text-3">0</span>` : count(host.snapshot_count)}
    </div>
    ${parts.tagged ? html`<div role="cell" class="tags">${tags(host)}</div>` : nothing}
    <div role="cell" class="action">${action(parts)}</div>
  </div>`;
}

function nextRun(next: number | null, now: number): TemplateResult {
  if (next === null) return html`<span class="text-3">–</span>`;
  return html`<span class="label">Next run </span
    >${next < now ? "due" : relativeTime(next, now)}`;
}

function under(host: HostRow): TemplateResult {
  const { identity_conflict: conflict } = host;
  return conflict === null
    ? html`<div class="sub">${platform(host)}</div>`
    : html`<div class="sub conflict">
        ${icon("warning", 12)}${conflict.instances.length} machines, one key
      </div>`;
}

const shownTags = 2;

function tags({ tags: all }: HostRow): TemplateResult {
  const more = all.length - shownTags;
  return html`${all
    .slice(0, shownTags)
    .map(
      (tag) =>
        html`<a class="tag" href="/?tags=${tag}" title="Hosts tagged ${tag}"
          >${plainText(tag)}</a
        >`,
    )}${more > 0 ? html`<span class="tag" title=${all.join(", ")}>+${more}</span>` : nothing}`;
}

function lastBackup(host: HostRow, now: number): TemplateResult {
  const at = lastBackupAt(host);
  const { text, tone } = hostNote(host, now);
  return html`<div class="num" title=${at === 0 ? nothing : time(at, "full")}>
      ${at === 0 ? "Never" : relativeTime(at, now)}
    </div>
    <div
      class="note truncate ${tone === "" ? "" : `${tone}-text`}"
      title=${text}
    >
      ${text}
    </div>`;
}

function running({ host, progress }: RowParts): TemplateResult {
  if (progress === undefined)
    return html`<div class="run-text num">Backing up</div>`;
  const percent = Math.floor(progress.percent);
  return html`<div class="progress">
    <div class="progress-text num">
      <span class="run-text">Backing up, ${percent}%</span>
      <span class="text-3"
        >${progress.rate === null ? nothing : `${bytes(progress.rate)}/s`}</span
      >
    </div>
    <div
      class="bar"
      role="progressbar"
      aria-label="Backup of ${host.name}"
      aria-valuenow=${percent}
      aria-valuemin="0"
      aria-valuemax="100"
    >
      <i .style=${`width:${progress.percent}%`}></i>
    </div>
  </div>`;
}

function action(parts: RowParts): TemplateResult | typeof nothing {
  const { host, runs, setsUp } = parts;
  if (host.running_job !== null)
    return link(host, `/jobs/${host.running_job.id}`, "eye", "View");
  if (!host.set_up)
    return setsUp
      ? link(host, `/hosts/${host.id}?setup`, "database", "Set up")
      : nothing;
  if (!runs) return nothing;
  if (!host.online)
    return button(
      parts,
      "play",
      "Run now",
      host.health === "asleep" ? "The host is asleep" : "The agent is offline",
    );
  switch (host.health) {
    case "failed":
      return button(parts, "retry", "Retry");
    case "no_backup":
      return button(parts, "play", "Run first");
    default:
      return button(parts, "play", "Run now");
  }
}

function link(
  host: HostRow,
  href: string,
  name: IconName,
  label: string,
): TemplateResult {
  return html`<a
    class="button s"
    href=${href}
    aria-label="${label} ${host.name}"
    >${icon(name, 13)}${label}</a
  >`;
}

function button(
  { host, starting, onRun }: RowParts,
  name: IconName,
  label: string,
  refusal?: string,
): TemplateResult {
  const word = starting ? "Starting" : label;
  return html`<button
    class="button s"
    ?disabled=${starting || refusal !== undefined}
    title=${refusal ?? nothing}
    aria-label="${word} on ${host.name}${refusal === undefined ? "" : `: ${refusal}`}"
    @click=${() => onRun(host)}
  >
    ${starting ? busy() : icon(name, 13)}${word}
  </button>`;
}
