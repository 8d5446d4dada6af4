import type { ExcludePreset } from "@restic-manager/shared/domain/exclude-presets.ts";
import { html, type TemplateResult } from "lit";
import { areaField, checkField } from "./field.ts";
import type { SourceDraft } from "./source-draft.ts";

export interface SourceFieldsParts {
  readonly draft: SourceDraft;
  readonly errors: Readonly<Record<string, string>>;
  readonly change: (change: Partial<SourceDraft>) => void;
}

const presets: Readonly<Record<ExcludePreset, string>> = {
  caches: "Caches and temporary files",
  node_modules: "node_modules",
  trash: "Trash",
};

/** What to back up and what to leave out. */
export function sourceFields({
  draft,
  errors,
  change,
}: SourceFieldsParts): TemplateResult {
  return html`${areaField({
      id: "paths",
      label: "Paths to back up",
      value: draft.paths,
      help: "One absolute path a line.",
      error: errors["paths"],
      onInput: (paths) => change({ paths }),
    })}
    <fieldset>
      <legend>Leave out</legend>
      <div class="checks">
        ${Object.entries(presets).map(([preset, label]) =>
          checkField({
            id: `preset-${preset}`,
            label,
            checked: draft.presets.has(preset as ExcludePreset),
            onChange: (on) =>
              change({ presets: toggled(draft, preset as ExcludePreset, on) }),
          }),
        )}
        ${checkField({
          id: "exclude-caches",
          label: "Folders with a CACHEDIR.TAG",
          checked: draft.excludeCaches,
          onChange: (excludeCaches) => change({ excludeCaches }),
        })}
        ${checkField({
          id: "one-file-system",
          label: "Other file systems below a path",
          checked: draft.oneFileSystem,
          onChange: (oneFileSystem) => change({ oneFileSystem }),
        })}
      </div>
    </fieldset>
    <details ?open=${draft.patterns !== "" || errors["patterns"] !== undefined}>
      <summary>Own patterns</summary>
      ${areaField({
        id: "patterns",
        label: "Exclude patterns",
        value: draft.patterns,
        placeholder: "*.iso\n/var/lib/docker/overlay2",
        help: "One pattern a line, as restic reads them.",
        error: errors["patterns"],
        onInput: (patterns) => change({ patterns }),
      })}
    </details>`;
}

function toggled(
  { presets: chosen }: SourceDraft,
  preset: ExcludePreset,
  on: boolean,
): ReadonlySet<ExcludePreset> {
  const next = new Set(chosen);
  if (on) next.add(preset);
  else next.delete(preset);
  return next;
}
