import { html, nothing, type TemplateResult } from "lit";
import { bytes, plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { busy } from "../elements/status.ts";
import type { SelectionSum } from "../elements/tree-selection.ts";
import type { Checking } from "./checking.ts";
import type { Choices } from "./restore-choices.ts";
import { type RestoreStep, restoreSteps } from "./restore-state.ts";

export interface FootParts {
  readonly choices: Choices;
  readonly step: RestoreStep;
  /** Null while nothing is chosen. */
  readonly sum: SelectionSum | null;
  /** Of what is checked and started in the last step. */
  readonly checking: Checking;
  readonly working: boolean;
  readonly typed: string;
  /** Null when the download cannot be. */
  readonly href: string | null;
  readonly isReady: (step: RestoreStep) => boolean;
  readonly onBack: (step: RestoreStep) => void;
  readonly onNext: (step: RestoreStep) => void;
  readonly onStart: () => void;
}

/** The way on and back, and what is chosen so far. */
export function restoreFoot(parts: FootParts): TemplateResult {
  const { choices, step, sum, working } = parts;
  const before = restoreSteps[restoreSteps.indexOf(step) - 1];
  return html`<div class="foot">
    <div class="actions">
      <a class="button ghost" href="/hosts/${choices.host.id}?tab=snapshots"
        >Cancel</a
      >
      <span class="spring"></span>
      ${
        sum === null || step === "snapshot"
          ? nothing
          : html`<span class="text-2 num summary"
              >${bytes(sum.bytes)}, ${plural(sum.files, "file")}</span
            >`
      }
      ${
        before === undefined
          ? nothing
          : html`<button
              class="button"
              ?disabled=${working}
              @click=${() => parts.onBack(before)}
            >
              Back
            </button>`
      }
      ${step !== "review" ? next(parts) : choices.draft.mode === "download" ? download(parts) : restore(parts)}
    </div>
  </div>`;
}

const words: Readonly<Partial<Record<RestoreStep, string>>> = {
  files: "Choose files",
  target: "Choose destination",
};

function next({ step, isReady, onNext }: FootParts): TemplateResult {
  const to = restoreSteps[restoreSteps.indexOf(step) + 1] ?? "review";
  return html`<button
    class="button primary"
    ?disabled=${
      // What is wrong in a form is said when a person goes on.
      to !== "review" && !isReady(to)
    }
    @click=${() => onNext(to)}
  >
    ${words[to] ?? "Review"}${icon("chevron-right", 15)}
  </button>`;
}

/** In a tab of its own, which closes by itself, or says why there is nothing. */
function download({ href }: FootParts): TemplateResult {
  return href === null
    ? html`<button class="button primary" disabled>
        ${icon("download", 14)}Download
      </button>`
    : html`<a class="button primary" href=${href} target="_blank" rel="noopener"
        >${icon("download", 14)}Download</a
      >`;
}

function restore({
  choices: { confirms, target },
  checking: { running, result },
  working,
  typed,
  onStart,
}: FootParts): TemplateResult {
  const cannot =
    working ||
    running ||
    result?.target_state === "not_writable" ||
    (confirms && typed.trim() !== target.name);
  return html`<button
    class="button ${confirms ? "danger" : "primary"}"
    ?disabled=${cannot}
    @click=${onStart}
  >
    ${working ? busy() : icon("history", 14)}${working ? "Starting" : "Restore"}
  </button>`;
}
