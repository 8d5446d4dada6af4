import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import { html, type TemplateResult } from "lit";
import { count, relativeTime, time, timeIn } from "../elements/format.ts";
import { hostNote, lastBackupAt } from "../elements/host-rows.ts";
import { icon } from "../elements/icon.ts";

/** The six things to know about a host. */
export function vitals(host: HostDetail, now: number): TemplateResult {
  const last = lastBackupAt(host);
  const next = host.next_run_at === null ? null : Date.parse(host.next_run_at);
  const { text, tone } = hostNote(host, now);
  return html`<dl class="vitals num">
    ${vital("Last backup", last === 0 ? "Never" : relativeTime(last, now), last === 0 ? text : time(last, "dateTime"))}
    ${vital(
      "Next run",
      next === null ? "–" : relativeTime(next, now),
      next === null
        ? "no schedule is on"
        : `${timeIn(host.tz, next, "dateTime")} host time`,
    )}
    ${vital("Snapshots", count(host.snapshot_count), host.snapshot_count === 0 ? "none yet" : "in its repository")}
    ${vital(
      "Last result",
      html`<span class=${tone === "" ? "" : `${tone}-text`}
        >${resultWord(host)}</span
      >`,
      last === 0 ? "no backup yet" : text || "nothing new",
    )}
    ${vital(
      "Agent",
      html`<span class=${host.online ? "ok" : "off"}
          >${icon(host.online ? "circle-check" : "unlink")}</span
        >${host.online ? "Online" : "Offline"}`,
      host.last_seen_at === null
        ? "not seen yet"
        : `seen ${relativeTime(Date.parse(host.last_seen_at), now)}`,
    )}
    ${vital(
      "Settings",
      host.applied_cfg_rev < host.cfg_rev
        ? "Pending"
        : host.cfg_rev === 0
          ? "None yet"
          : "Applied",
      host.applied_cfg_rev < host.cfg_rev
        ? `v${host.cfg_rev} waits for the agent`
        : `version ${host.applied_cfg_rev}`,
    )}
  </dl>`;
}

function resultWord(host: HostDetail): string {
  switch (host.last_backup?.state) {
    case undefined:
      return "–";
    case "succeeded":
      return "Succeeded";
    case "succeeded_with_issues":
      return "With issues";
    case "cancelled":
      return "Cancelled";
    case "lost":
      return "Lost";
    default:
      return "Failed";
  }
}

function vital(
  label: string,
  value: string | TemplateResult,
  note: string,
): TemplateResult {
  return html`<div>
    <dt>${label}</dt>
    <dd>${value}<small title=${note}>${note}</small></dd>
  </div>`;
}
