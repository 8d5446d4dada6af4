import {
  type HostHealth,
  type HostRow,
} from "@restic-manager/shared/api/hosts.ts";
import { bytes, relativeTime } from "./format.ts";
import { osName } from "./platform.ts";
import { healthStates, type Tone } from "./status.ts";
import { plainText } from "./plain-text.ts";

/** Rows that a person should look at. */
const attention: readonly HostHealth[] = ["failed", "offline", "degraded"];

/** What a host is shown as: one whose key is on two machines is not well, however its backups went. */
export function shownHealth(host: HostRow): HostHealth {
  return host.identity_conflict === null || attention.includes(host.health)
    ? host.health
    : "degraded";
}

/** States in the order in which they ask for attention. */
export const healthOrder = Object.keys(healthStates) as readonly HostHealth[];

export type StateFilter = HostHealth | "attention" | "";
export type SortKey = "state" | "name" | "last" | "snapshots";

export interface HostFilter {
  readonly state: StateFilter;
  readonly query: string;
  /** A host is shown when it has every one of them. */
  readonly tags: readonly string[];
  /** A sort key, with `-` in front when reversed. */
  readonly sort: string;
}

export function countNeedingAttention(hosts: readonly HostRow[]): number {
  return hosts.filter(needsAttention).length;
}

function needsAttention(host: HostRow): boolean {
  return attention.includes(shownHealth(host));
}

export function shownHosts(
  hosts: readonly HostRow[],
  filter: HostFilter,
): readonly HostRow[] {
  return hosts
    .filter(
      (host) =>
        matchesState(host, filter.state) &&
        matchesQuery(host, filter.query) &&
        hasTags(host, filter.tags),
    )
    .sort(comparator(filter.sort));
}

export function hasTags(host: HostRow, tags: readonly string[]): boolean {
  return tags.every((tag) => host.tags.includes(tag));
}

/** Tags of these hosts with how many have each, by name. */
export function tagCounts(
  hosts: readonly HostRow[],
): readonly (readonly [tag: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { tags } of hosts)
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([a], [b]) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}

function matchesState(host: HostRow, state: StateFilter): boolean {
  if (state === "") return true;
  return state === "attention"
    ? needsAttention(host)
    : shownHealth(host) === state;
}

function matchesQuery(host: HostRow, query: string): boolean {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return true;
  return [host.name, osName(host.os), host.arch, ...host.tags].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

export function parseSort(sort: string): { key: SortKey; reversed: boolean } {
  const reversed = sort.startsWith("-");
  const key = reversed ? sort.slice(1) : sort;
  return {
    key:
      key === "name" || key === "last" || key === "snapshots" ? key : "state",
    reversed,
  };
}

function comparator(sort: string): (a: HostRow, b: HostRow) => number {
  const { key, reversed } = parseSort(sort);
  const direction = reversed ? -1 : 1;
  return (a, b) => direction * compare[key](a, b) || compare.name(a, b);
}

const compare: Readonly<Record<SortKey, (a: HostRow, b: HostRow) => number>> = {
  state: (a, b) =>
    healthOrder.indexOf(shownHealth(a)) - healthOrder.indexOf(shownHealth(b)),
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  last: (a, b) => lastBackupAt(b) - lastBackupAt(a),
  snapshots: (a, b) => b.snapshot_count - a.snapshot_count,
};

/** When something was last saved, in milliseconds since the epoch; 0 for never. */
export function lastBackupAt(host: HostRow): number {
  return Date.parse(host.last_success_at ?? "") || 0;
}

/** The line under the time of the last backup: what a person should know about this host. */
export function hostNote(
  host: HostRow,
  now: number,
): { text: string; tone: Tone | "" } {
  const last = host.last_backup;
  switch (host.health) {
    case "failed":
      return {
        text: plainText(last?.error?.message ?? "The last backup failed"),
        tone: "bad",
      };
    case "offline":
      return { text: seenText(host, now), tone: "" };
    case "asleep":
      return { text: awayText(host, now), tone: "" };
    case "degraded":
      return {
        text: plainText(last?.error?.message ?? "The last backup had issues"),
        tone: "warn",
      };
    case "no_backup":
      return {
        text: host.set_up
          ? `Accepted ${relativeTime(Date.parse(host.approved_at), now)}`
          : "Set-up is not finished",
        tone: host.set_up ? "" : "warn",
      };
    case "running":
    case "healthy":
      return {
        text:
          last?.bytes_added == null ? "" : `${bytes(last.bytes_added)} added`,
        tone: "",
      };
  }
}

function awayText(host: HostRow, now: number): string {
  return host.last_seen_at === null
    ? "Not always on; has not connected yet"
    : `Not always on; seen ${relativeTime(Date.parse(host.last_seen_at), now)}`;
}

function seenText(host: HostRow, now: number): string {
  return host.last_seen_at === null
    ? "The agent has not connected yet"
    : `Agent last seen ${relativeTime(Date.parse(host.last_seen_at), now)}`;
}
