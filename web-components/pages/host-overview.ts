import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import { html, nothing, type TemplateResult } from "lit";
import {
  type Bar,
  barChart,
  byteSteps,
  timeSteps,
} from "../elements/bar-chart.ts";
import { cronInWords } from "../elements/cron-words.ts";
import {
  bytes,
  count,
  duration,
  relativeTime,
  time,
  timeIn,
} from "../elements/format.ts";
import { historyCells } from "../elements/history-cells.ts";
import { elapsed } from "../elements/job-words.ts";
import { plainText } from "../elements/plain-text.ts";
import { jobStates } from "../elements/status.ts";
import type { HostData } from "./host-data.ts";
import { featuresCard } from "./host-features-card.ts";
import { noSnapshots, snapshotActsOf, type TabParts } from "./host-tabs.ts";
import { recentRestores } from "./recent-restores.ts";
import { repositoryCard } from "./repository-card.ts";
import { resticCard } from "./restic-card.ts";

const day = 86_400_000;
const shownBars = 30;
const shownSnapshots = 6;

export function hostOverview(parts: TabParts): TemplateResult {
  return html`<div class="columns">
    <div class="column">
      ${history(parts)}${trends(parts.of, parts.now)}${recentSnapshots(parts)}
    </div>
    <aside class="column" aria-label="About this host">
      ${featuresCard(parts)}${schedule(parts)}${(parts.of.repositories ?? []).map(repositoryCard)}${recentRestores(parts, parts.of.restores)}${resticCard(parts.host)}${machine(parts)}
    </aside>
  </div>`;
}

function history({ host, now }: TabParts): TemplateResult {
  return html`<section class="card section">
    <div class="section-head">
      <h2>Last 30 days</h2>
      <span class="spring"></span>
      <div class="legend">
        <span><i class="ok"></i>backed up</span
        ><span><i class="warn"></i>with issues</span
        ><span><i class="bad"></i>failed</span
        ><span><i class="none"></i>no run</span>
      </div>
    </div>
    ${historyCells(host.days, now)}
    <div class="span small text-3 num">
      <span>${time(now - 29 * day, "day")}</span
      ><span>${time(now - 15 * day, "day")}</span><span>today</span>
    </div>
  </section>`;
}

function trends(of: HostData, now: number): TemplateResult | typeof nothing {
  const list = of.jobs;
  const ended = (list?.jobs ?? [])
    .filter((job) => job.finished_at !== null && elapsed(job, now) !== null)
    .slice(0, shownBars)
    .reverse();
  if (ended.length < 2) return nothing;
  const stored = ended.filter((job) => job.stats?.data_added !== undefined);
  return html`<div class="two">
    <section class="card section">
      <div class="section-head">
        <h2>Backup duration</h2>
        <span class="small text-3 num"
          >last ${ended.length}, median
          ${duration(median(ended.map((job) => elapsed(job, now) ?? 0)))}</span
        >
      </div>
      ${barChart({
        bars: ended.map((job) => bar(job, elapsed(job, now) ?? 0, duration)),
        label: `Duration of the last ${ended.length} backups`,
        steps: timeSteps,
        format: shortDuration,
      })}
    </section>
    ${
      stored.length < 2
        ? nothing
        : html`<section class="card section">
            <div class="section-head">
              <h2>New data</h2>
              <span class="small text-3 num"
                >a backup, last ${stored.length}</span
              >
            </div>
            ${barChart({
              bars: stored.map((job) =>
                bar(job, job.stats?.data_added ?? 0, bytes),
              ),
              label: `New data of the last ${stored.length} backups`,
              steps: byteSteps,
              format: bytes,
            })}
          </section>`
    }
  </div>`;
}

function bar(job: Job, value: number, format: (value: number) => string): Bar {
  const { word, tone } = jobStates[job.state];
  return {
    value,
    tone,
    title: `${time(Date.parse(job.started_at ?? job.queued_at), "dayTime")}: ${format(value)}, ${word}`,
  };
}

function shortDuration(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)}s`;
  return ms < 3_600_000
    ? `${Math.round(ms / 60_000)}m`
    : `${Math.round(ms / 3_600_000)}h`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function recentSnapshots(parts: TabParts): TemplateResult | typeof nothing {
  const { of, host } = parts;
  if (!host.set_up) {
    return html`<section class="card nothing">
      <h2>Set-up is not finished</h2>
      <p>
        This host is accepted, but has no repository yet. Nothing is backed up
        until it has one.
      </p>
    </section>`;
  }
  const list = of.snapshots;
  if (list === null) return nothing;
  if (list.snapshots.length === 0) return noSnapshots(host);
  return html`<section class="card section">
    <div class="section-head">
      <h2>Recent snapshots</h2>
      <span class="spring"></span>
      <a class="link small" href="/hosts/${host.id}?tab=snapshots"
        >All ${count(list.total)}</a
      >
    </div>
    <rm-snapshot-list
      .snapshots=${list.snapshots.slice(0, shownSnapshots)}
      .acts=${{ ...snapshotActsOf(parts), download: null }}
      narrow
    ></rm-snapshot-list>
  </section>`;
}

function schedule({
  of,
  host,
  now,
}: TabParts): TemplateResult | typeof nothing {
  if (!host.set_up || of.schedules === null) return nothing;
  return html`<section class="card section">
    <div class="section-head">
      <h2>Schedule</h2>
      <span class="spring"></span>
      <a class="link small" href="/hosts/${host.id}?tab=schedules">Open</a>
    </div>
    ${
      of.schedules.length === 0
        ? html`<p class="small text-2">None: backs up only by hand.</p>`
        : html`<dl class="pairs runs num">
            ${of.schedules.map(
              ({ cron, enabled, next, tz }) =>
                html`<dt>${cronInWords(cron)}</dt>
                  <dd
                    title=${next[0] === undefined ? nothing : timeIn(tz, Date.parse(next[0]), "dayTime")}
                  >
                    ${enabled ? (next[0] === undefined ? "on" : relativeTime(Date.parse(next[0]), now)) : "off"}
                  </dd>`,
            )}
          </dl>`
    }
  </section>`;
}

function machine({ host, now }: TabParts): TemplateResult {
  return html`<section class="card section">
    <div class="section-head"><h2>Machine</h2></div>
    <dl class="pairs">
      ${pair("Name there", host.hostname)} ${pair("System", host.os_version)}
      ${pair("Architecture", host.arch)} ${pair("Time zone", host.tz)}
      ${host.boot_time === null ? nothing : pair("Started", relativeTime(Date.parse(host.boot_time), now))}
      ${pair("Announced from", host.announced_from_ip)}
      ${pair("Accepted", `${relativeTime(Date.parse(host.approved_at), now)} by ${host.approved_by}`)}
      ${pair("Agent", `${host.agent_version}${host.agent_commit === "" || host.agent_commit === "unknown" ? "" : ` (${host.agent_commit.slice(0, 7)})`}`)}
      ${restic(host)}
    </dl>
    <p class="fingerprint small text-2">
      Fingerprint <span class="mono">${host.fingerprint}</span>
    </p>
  </section>`;
}

function restic({ restic: info }: HostDetail): TemplateResult | typeof nothing {
  if (info === null) return nothing;
  const source = {
    embedded: "the agent’s own",
    override: "restic_path",
    path: "from PATH",
  }[info.source];
  return html`<dt>restic</dt>
    <dd title=${info.path}>
      ${plainText(info.version ?? "unknown")}, ${source}
    </dd>
    ${
      info.sha256 === null
        ? nothing
        : html`<dt>restic SHA-256</dt>
            <dd class="mono" title=${info.sha256}>
              ${info.sha256.slice(0, 12)}
            </dd>`
    }`;
}

function pair(label: string, value: string): TemplateResult | typeof nothing {
  return value === ""
    ? nothing
    : html`<dt>${label}</dt>
        <dd>${plainText(value)}</dd>`;
}
