import type { MaintenanceStats } from "@restic-manager/shared/domain/job.ts";
import { html, type TemplateResult } from "lit";
import { bytes, count, plural } from "../format.ts";
import { plainText } from "../plain-text.ts";

export type Fact = readonly [label: string, value: string];

/** What upkeep did, as far as its kind and restic's version say it. */
export function upkeepFacts(upkeep: MaintenanceStats): readonly Fact[] {
  const {
    snapshots_before: before,
    snapshots_after: after,
    locks_left: left,
  } = upkeep;
  const removed =
    before === undefined || after === undefined ? undefined : before - after;
  return [
    fact("Snapshots removed", removed, count),
    fact("Snapshots left", after, count),
    fact("Freed", upkeep.bytes_freed, bytes),
    fact("Data read", upkeep.subset_pct, (percent) => `${percent}%`),
    fact("Errors", upkeep.errors, count),
    fact("Locks removed", upkeep.locks_removed, count),
    fact("Locks left", left === 0 ? undefined : left, (number) =>
      plural(number, "lock that may be in use", "locks that may be in use"),
    ),
  ].flatMap((known) => (known === null ? [] : [known]));
}

export function fact(
  label: string,
  value: number | undefined,
  format: (value: number) => string,
): Fact | null {
  return value === undefined ? null : [label, format(value)];
}

/** What each source group's retention kept and removed. */
export function groupTable(
  groups: NonNullable<MaintenanceStats["groups"]>,
): TemplateResult {
  return html`<div class="scroll groups">
    <table>
      <thead>
        <tr>
          <th>Source group</th>
          <th>Host</th>
          <th class="right">Kept</th>
          <th class="right">Removed</th>
        </tr>
      </thead>
      <tbody>
        ${groups.map(
          ({ host, tag, kept, removed }) =>
            html`<tr>
              <td>${plainText(tag)}</td>
              <td>${plainText(host)}</td>
              <td class="right num">${count(kept)}</td>
              <td class="right num">${count(removed)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
