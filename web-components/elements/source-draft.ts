import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import {
  type ExcludePreset,
  excludePresets,
} from "@restic-manager/shared/domain/exclude-presets.ts";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";

/** What to back up and what to leave out, as typed. */
export interface SourceDraft {
  readonly paths: string;
  readonly presets: ReadonlySet<ExcludePreset>;
  readonly excludeCaches: boolean;
  readonly oneFileSystem: boolean;
  readonly patterns: string;
}

/** What a group has been told so far. A preset counts as chosen when all of its patterns are there. */
export function sourceDraft({
  includes,
  excludes,
  options,
}: SourceGroup): SourceDraft {
  const presets = (Object.keys(excludePresets) as ExcludePreset[]).filter(
    (preset) =>
      excludePresets[preset].every((pattern) => excludes.includes(pattern)),
  );
  const covered = new Set<string>(presetPatterns(presets));
  return {
    paths: includes.join("\n"),
    presets: new Set(presets),
    excludeCaches: options.exclude_caches,
    oneFileSystem: options.one_file_system,
    patterns: excludes.filter((pattern) => !covered.has(pattern)).join("\n"),
  };
}

export function sourceSpec(name: string, draft: SourceDraft): SourceGroupSpec {
  return {
    name,
    includes: lines(draft.paths),
    excludes: [...presetPatterns(draft.presets), ...lines(draft.patterns)],
    options: {
      exclude_caches: draft.excludeCaches,
      one_file_system: draft.oneFileSystem,
    },
  };
}

/** Field id → what is wrong, as far as it can be told without the server. */
export function sourceFaults(draft: SourceDraft): Record<string, string> {
  const paths = lines(draft.paths);
  if (paths.length === 0) return { paths: "Name at least one path." };
  const relative = paths.find((path) => !isAbsolutePath(path));
  return relative === undefined
    ? {}
    : { paths: `${relative} is not absolute: start with / or a drive.` };
}

/** The field that a dotted path of a `SourceGroupSpec` came from. */
export function sourceField(path: string): keyof SourceDraft | null {
  if (path.startsWith("includes")) return "paths";
  if (path.startsWith("excludes")) return "patterns";
  return null;
}

export function isAbsolutePath(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/])/.test(path);
}

function presetPatterns(presets: Iterable<ExcludePreset>): string[] {
  return [...presets].flatMap((preset) => excludePresets[preset]);
}

function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
