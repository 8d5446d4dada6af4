import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../elements/icon.ts";
import { type RestoreStep, restoreSteps } from "./restore-state.ts";

export const stepWords: Readonly<Record<RestoreStep, string>> = {
  snapshot: "Snapshot",
  files: "Files",
  target: "Destination",
  review: "Review",
};

/** Where one is, and the way to every step that is ready. */
export function stepsHeader(
  current: RestoreStep,
  isReady: (step: RestoreStep) => boolean,
  go: (step: RestoreStep) => void,
): TemplateResult {
  const at = restoreSteps.indexOf(current);
  return html`<ol class="steps" aria-label="Steps">
    ${restoreSteps.map(
      (step, index) =>
        html`<li class=${index < at ? "done" : index === at ? "current" : ""}>
          <button
            type="button"
            aria-current=${index === at ? "step" : nothing}
            ?disabled=${!isReady(step)}
            @click=${() => go(step)}
          >
            <span class="number"
              >${index < at ? icon("check", 12) : index + 1}</span
            ><span class="word">${stepWords[step]}</span>
          </button>
        </li>`,
    )}
  </ol>`;
}
