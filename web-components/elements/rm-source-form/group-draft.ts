import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type {
  Retention,
  SourceGroupSpec,
} from "@restic-manager/shared/domain/source.ts";
import {
  type SourceDraft,
  sourceDraft,
  sourceFaults,
  sourceField,
  sourceSpec,
} from "../source-draft.ts";
import { isWhole } from "../whole-number.ts";

const keepCounts = [
  "last",
  "hourly",
  "daily",
  "weekly",
  "monthly",
  "yearly",
] as const;
const keepSpans = [
  "within",
  "within_hourly",
  "within_daily",
  "within_weekly",
  "within_monthly",
  "within_yearly",
] as const;
export type KeepKey = (typeof keepCounts)[number] | (typeof keepSpans)[number];

/** A source group as it stands in its form. Numbers and durations are texts until they are sent. */
export interface GroupDraft extends SourceDraft {
  readonly name: string;
  /** Empty: the host's default. */
  readonly repository: string;
  readonly keep: Readonly<Record<KeepKey, string>>;
  readonly keepTags: string;
  readonly retries: string;
  readonly backoff: string;
}

const nothingKept = Object.fromEntries(
  [...keepCounts, ...keepSpans].map((key) => [key, ""]),
) as Record<KeepKey, string>;

/** What a new group begins with: a year of backups that thin out. */
const freshKeep = {
  ...nothingKept,
  daily: "7",
  weekly: "5",
  monthly: "12",
};

export function newGroupDraft(): GroupDraft {
  return {
    paths: "",
    presets: new Set(["caches", "trash"]),
    excludeCaches: true,
    oneFileSystem: false,
    patterns: "",
    name: "",
    repository: "",
    keep: freshKeep,
    keepTags: "",
    retries: "3",
    backoff: "60",
  };
}

export function groupDraft(group: SourceGroup): GroupDraft {
  const { name, repository_id, retention, retry } = group;
  const { tags = [], ...keeps } = retention;
  return {
    ...sourceDraft(group),
    name,
    repository: repository_id ?? "",
    keep: {
      ...nothingKept,
      ...Object.fromEntries(
        Object.entries(keeps).map(([key, value]) => [key, String(value)]),
      ),
    },
    keepTags: tags.join(" "),
    retries: String(retry.max),
    backoff: String(retry.backoff_s),
  };
}

export function groupSpec(draft: GroupDraft): SourceGroupSpec {
  return {
    ...sourceSpec(draft.name.trim(), draft),
    retention: draftRetention(draft),
    retry: { max: Number(draft.retries), backoff_s: Number(draft.backoff) },
    repository_id: draft.repository === "" ? null : draft.repository,
  };
}

/** What the fields on keeping say, those left out that say nothing good. */
export function draftRetention({ keep, keepTags }: GroupDraft): Retention {
  const tags = keepTags.split(/[\s,]+/).filter(Boolean);
  const counts = keepCounts.filter((key) => isCount(keep[key]));
  const spans = keepSpans.filter((key) => isSpan(keep[key]));
  return {
    ...Object.fromEntries(counts.map((key) => [key, Number(keep[key])])),
    ...Object.fromEntries(spans.map((key) => [key, keep[key].trim()])),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

/** Field id → what is wrong, as far as it can be told without the server. */
export function groupFaults(draft: GroupDraft): Record<string, string> {
  const faults = sourceFaults(draft);
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(draft.name.trim()))
    faults["name"] =
      "Use 1 to 64 lower-case letters, digits, dots, dashes or underscores.";
  for (const key of keepCounts)
    if (draft.keep[key].trim() !== "" && !isCount(draft.keep[key]))
      faults[key] = "Use a whole number from 1, or leave it empty.";
  for (const key of keepSpans)
    if (draft.keep[key].trim() !== "" && !isSpan(draft.keep[key]))
      faults[key] = "Use a duration such as 30d, 6m or 1y6m.";
  if (!isWhole(draft.retries, 0, 10))
    faults["retries"] = "Use a whole number from 0 to 10.";
  if (!isWhole(draft.backoff, 10, 1800))
    faults["backoff"] = "Use 10 to 1800 seconds.";
  return faults;
}

/** The field that a dotted path of a `SourceGroupSpec` came from. */
export function groupField(path: string): string | null {
  if (path.startsWith("retention.tags")) return "keepTags";
  if (path.startsWith("retention.")) return path.slice("retention.".length);
  const fields: Record<string, string> = {
    name: "name",
    repository_id: "repository",
    "retry.max": "retries",
    "retry.backoff_s": "backoff",
  };
  return fields[path] ?? sourceField(path);
}

/** Seconds before each further attempt. Each wait is twice the one before, up to half an hour. */
export function retryWaits({ retries, backoff }: GroupDraft): number[] {
  if (!isWhole(retries, 0, 10) || !isWhole(backoff, 10, 1800)) return [];
  return Array.from({ length: Number(retries) }, (_, index) =>
    Math.min(1800, Number(backoff) * 2 ** index),
  );
}

function isCount(text: string): boolean {
  return isWhole(text, 1, 9999);
}

function isSpan(text: string): boolean {
  const trimmed = text.trim();
  return (
    /^(?=.)(\d+y)?(\d+m)?(\d+d)?(\d+h)?$/.test(trimmed) && /[1-9]/.test(trimmed)
  );
}
