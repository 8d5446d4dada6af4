import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, type TemplateResult } from "lit";
import {
  bytes,
  count,
  relativeTime,
  time,
  timeIn,
} from "../elements/format.ts";
import { hostNote, lastBackupAt } from "../elements/host-rows.ts";
import { icon } from "../elements/icon.ts";
import { glyph, healthStates, jobStates } from "../elements/status.ts";
import { plainText } from "../elements/plain-text.ts";
import { vital } from "./vital.ts";

/** The six things to know about a host; `snapshots` are all that it lists. */
export function vitals(
  host: HostDetail,
  now: number,
  schedules: readonly Schedule[] | null,
  snapshots: number,
): TemplateResult {
  return html`<dl class="vitals num">
    ${lastBackup(host, now)}${nextRun(host, now, schedules)}
    ${vital("Snapshots", count(snapshots), snapshots === 0 ? "none yet" : "in its repository")}
    ${lastResult(host)}${agent(host, now)}${settings(host)}
  </dl>`;
}

function lastBackup(host: HostDetail, now: number): TemplateResult {
  const at = lastBackupAt(host);
  if (at === 0) return vital("Last backup", "Never", hostNote(host, now).text);
  return vital("Last backup", relativeTime(at, now), time(at, "dateTime"));
}

function nextRun(
  { next_run_at, tz }: HostDetail,
  now: number,
  schedules: readonly Schedule[] | null,
): TemplateResult {
  if (next_run_at === null)
    return vital("Next run", "–", schedules === null ? "" : noRun(schedules));
  const at = Date.parse(next_run_at);
  if (at < now)
    return vital("Next run", "Due", `since ${timeIn(tz, at, "dateTime")}`);
  return vital(
    "Next run",
    relativeTime(at, now),
    `${timeIn(tz, at, "dateTime")} host time`,
  );
}

/** Why no next run is known: the agent works it out once it has the schedule. */
function noRun(schedules: readonly Schedule[]): string {
  const on = schedules.filter(({ enabled }) => enabled);
  if (on.length === 0) return "no schedule is on";
  return on.some(({ applied }) => !applied)
    ? "the schedule waits for the agent"
    : "the schedule has none";
}

function lastResult({ last_backup: last }: HostDetail): TemplateResult {
  if (last === null) return vital("Last result", "–", "no backup yet");
  const { word, tone } = jobStates[last.state];
  const added =
    last.bytes_added === null ? "" : `${bytes(last.bytes_added)} added`;
  return vital(
    "Last result",
    html`<span class="${tone === "ok" ? "" : tone}-text">${word}</span>`,
    plainText(last.error?.message ?? added),
  );
}

function agent(
  { online, last_seen_at, health }: HostDetail,
  now: number,
): TemplateResult {
  return vital(
    "Agent",
    health === "asleep"
      ? html`${glyph(healthStates.asleep)}Asleep`
      : html`<span class=${online ? "ok" : "off"}
            >${icon(online ? "circle-check" : "unlink")}</span
          >${online ? "Online" : "Offline"}`,
    last_seen_at === null
      ? "not seen yet"
      : `seen ${relativeTime(Date.parse(last_seen_at), now)}`,
  );
}

function settings({ cfg_rev, applied_cfg_rev }: HostDetail): TemplateResult {
  if (cfg_rev === 0)
    return vital("Settings", "None yet", "come with the set-up");
  return applied_cfg_rev < cfg_rev
    ? vital("Settings", "Pending", `version ${cfg_rev} waits for the agent`)
    : vital("Settings", "Applied", `version ${cfg_rev}`);
}
