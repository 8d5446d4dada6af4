import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type {
  MaintenanceSettings,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import { html, type TemplateResult } from "lit";
import { cronInWords } from "../cron-words.ts";
import {
  checkField,
  type FormProblem,
  problemNotice,
  selectField,
  textField,
} from "../field.ts";
import { kindName } from "../job-words.ts";

/** The settings as they are typed. */
export interface Draft {
  readonly forget: MaintenanceSettings["forget"];
  readonly prune: MaintenanceSettings["prune"];
  readonly check: MaintenanceSettings["check"];
  readonly subset: string;
  /** Empty for any host that uses the repository. */
  readonly runner: string;
}

const kinds: readonly UpkeepKind[] = ["forget", "prune", "check"];

export function draftOf(settings: MaintenanceSettings): Draft {
  const { forget, prune, check, check_subset_pct, runner_host_id } = settings;
  return {
    forget,
    prune,
    check,
    subset: String(check_subset_pct),
    runner: runner_host_id ?? "",
  };
}

export function settingsOf(draft: Draft): MaintenanceSettings {
  const { forget, prune, check, subset, runner } = draft;
  return {
    forget,
    prune,
    check,
    check_subset_pct: Number(subset),
    runner_host_id: runner === "" ? null : runner,
  };
}

/** What only the form can see; the rest the server says. */
export function draftFaults({ subset }: Draft): FormProblem | null {
  const percent = Number(subset);
  if (subset.trim() !== "" && percent >= 0 && percent <= 100) return null;
  return {
    message: "Something is to be corrected.",
    code: "",
    fields: { check_subset_pct: "Use a number from 0 to 100." },
  };
}

export interface UpkeepFormParts {
  readonly draft: Draft;
  readonly runners: Maintenance["runners"];
  readonly problem: FormProblem | null;
  readonly working: boolean;
  readonly change: (change: Partial<Draft>) => void;
  readonly cancel: () => void;
  readonly submit: () => void;
}

export function upkeepForm(parts: UpkeepFormParts): TemplateResult {
  const { draft, problem, change } = parts;
  return html`<form
    novalidate
    @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      parts.submit();
    }}
  >
    ${kinds.map((kind) => kindFields(kind, parts))}
    ${textField({
      id: "check_subset_pct",
      label: "Part of the data that check reads, in percent",
      help: "0 reads the structure alone. What is read is transferred: 5 % once a month reads everything in two years.",
      type: "number",
      value: draft.subset,
      error: problem?.fields["check_subset_pct"],
      onInput: (subset) => change({ subset }),
    })}
    ${runnerField(parts)} ${problemNotice(problem)}
    <div class="actions">
      <button
        type="button"
        class="button"
        ?disabled=${parts.working}
        @click=${parts.cancel}
      >
        Cancel
      </button>
      <button class="button primary" ?disabled=${parts.working}>
        Save upkeep
      </button>
    </div>
  </form>`;
}

function kindFields(
  kind: UpkeepKind,
  { draft, problem, change }: UpkeepFormParts,
): TemplateResult {
  const name = kindName(kind);
  const { cron, enabled } = draft[kind];
  return html`<fieldset class="kind">
    <legend class="visually-hidden">${name}</legend>
    ${checkField({
      id: `${kind}-enabled`,
      label: `${name} runs by itself`,
      checked: enabled,
      onChange: (checked) =>
        change({ [kind]: { ...draft[kind], enabled: checked } }),
    })}
    ${textField({
      id: `${kind}.cron`,
      label: `When ${name.toLowerCase()} runs`,
      help: cronHelp(cron),
      value: cron,
      code: true,
      error: problem?.fields[`${kind}.cron`],
      onInput: (text) => change({ [kind]: { ...draft[kind], cron: text } }),
    })}
  </fieldset>`;
}

function cronHelp(cron: string): string {
  const words = cronInWords(cron);
  return words === cron
    ? "Minute, hour, day of the month, month, weekday: 0 4 * * 0 is Sundays at 04:00."
    : words;
}

function runnerField({
  draft,
  runners,
  problem,
  change,
}: UpkeepFormParts): TemplateResult {
  const names = runners.map(
    ({ id, name, online, uses_repository }): [string, string] => [
      id,
      `${name}${uses_repository ? ", uses it" : ""}${online ? "" : ", offline"}`,
    ],
  );
  return selectField({
    id: "runner_host_id",
    label: "Done by",
    options: {
      "": "Any host that uses this repository",
      ...Object.fromEntries(names),
    },
    value: draft.runner,
    help: "Best is a host beside the storage, such as the NAS itself: the hosts that back up then never hold access that may delete. Times are in its zone.",
    error: problem?.fields["runner_host_id"],
    onInput: (runner) => change({ runner }),
  });
}
