import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, nothing, type TemplateResult } from "lit";
import { errorWords } from "../data/api-error.ts";
import {
  type FormProblem,
  problemNotice,
  textField,
} from "../elements/field.ts";
import { bytes, plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { checkFindings } from "../elements/restore-check.ts";
import {
  overwriteWords,
  type RestoreDraft,
} from "../elements/restore-draft.ts";
import { busy } from "../elements/status.ts";
import { pathText } from "../elements/tree-path.ts";
import type { Selection, SelectionSum } from "../elements/tree-selection.ts";
import type { Checking } from "./checking.ts";

export interface ReviewParts {
  readonly draft: RestoreDraft;
  /** That gets the files. */
  readonly host: HostRow;
  /** The snapshot in words. */
  readonly snapshot: string;
  readonly selection: Selection;
  readonly sum: SelectionSum;
  readonly checking: Checking;
  readonly onCheck: () => void;
  /** Whether the host's name is to be typed. */
  readonly confirms: boolean;
  readonly typed: string;
  readonly onType: (typed: string) => void;
  /** Why the restore was refused. */
  readonly problem: FormProblem | null;
  /** Why it cannot be downloaded. */
  readonly downloadProblem: string | null;
}

/** What is about to happen, what the host finds, and the name to type where something is written over. */
export function reviewStep(parts: ReviewParts): TemplateResult {
  return html`<div class="review">
    <section class="card section" aria-label="Summary">
      ${summary(parts)}
    </section>
    ${
      parts.draft.mode === "download"
        ? parts.downloadProblem === null
          ? nothing
          : html`<div class="notice warn" role="alert">
              ${icon("warning")}<span>${parts.downloadProblem}</span>
            </div>`
        : html`<section class="card section" aria-labelledby="check">
            <div class="section-head">
              <h2 id="check">Check</h2>
              <span class="spring"></span>
              <button
                class="button s"
                ?disabled=${parts.checking.running}
                @click=${parts.onCheck}
              >
                ${icon("retry", 13)}Check again
              </button>
            </div>
            <div aria-live="polite">${check(parts)}</div>
          </section>`
    }
    ${parts.confirms ? confirmation(parts) : nothing}
    ${problemNotice(parts.problem)}
  </div>`;
}

function summary(parts: ReviewParts): TemplateResult {
  const { draft, host, snapshot, selection, sum } = parts;
  return html`<h2>${what(parts)}</h2>
    <dl class="pairs wide">
      <dt>Snapshot</dt>
      <dd class="num">${snapshot}</dd>
      <dt>Files</dt>
      <dd>
        ${chosen(selection)}${sum.unknown > 0 ? nothing : html`<span class="text-2 num">${plural(sum.files, "file")}, ${bytes(sum.bytes)}</span>`}
      </dd>
      ${
        draft.mode === "download"
          ? nothing
          : html`<dt>To</dt>
              <dd>
                ${host.name},
                ${draft.mode === "in_place" ? "where they came from" : html`<span class="mono"><bdi>${pathText(draft.path)}</bdi></span>`}
              </dd>
              <dt>Already there</dt>
              <dd>${overwriteWords[draft.overwrite]}</dd>`
      }
      ${
        draft.strip === "" ||
        draft.mode === "in_place" ||
        draft.mode === "download"
          ? nothing
          : html`<dt>Left out of paths</dt>
              <dd class="mono"><bdi>${pathText(draft.strip)}</bdi></dd>`
      }
    </dl>`;
}

/** All of them: what is written over is read before, not guessed. */
function chosen(selection: Selection): TemplateResult {
  const list = html`<ul class="mono">
    ${[...selection].map((path) => html`<li><bdi>${pathText(path)}</bdi></li>`)}
  </ul>`;
  return selection.size <= 5
    ? list
    : html`<div class="paths" role="region" tabindex="0" aria-label="Chosen">
        ${list}
      </div>`;
}

/** Whether the trial run found nothing in the way, or the person said to keep all of it. */
function keepsAll({ draft, checking: { result } }: ReviewParts): boolean {
  return draft.overwrite === "never" || result?.dry_run?.updated === 0;
}

function what(parts: ReviewParts): string {
  const { name } = parts.host;
  switch (parts.draft.mode) {
    case "new":
      return "Restore into a new folder";
    case "in_place":
      return keepsAll(parts)
        ? `Restore to where it came from on ${name}`
        : `Restore over the files of ${name}`;
    case "other":
      return `Restore to ${name}`;
    case "download":
      return "Download to this browser";
  }
}

function check({ checking, draft, host }: ReviewParts): TemplateResult {
  const { result, problem } = checking;
  if (problem !== null)
    return html`<div class="notice bad">
      ${icon("warning")}<span
        >${[errorWords(problem), ...Object.values(problem.fields)].join(" ")}</span
      >
    </div>`;
  return result === null
    ? html`<p class="row text-2">
        ${busy()}${host.name} looks at space, owners and what is there already.
      </p>`
    : checkFindings(result, draft);
}

function confirmation(parts: ReviewParts): TemplateResult {
  const { draft, host, typed, onType, problem } = parts;
  return html`<section class="card section confirm" aria-label="Confirm">
    <p>
      ${
        draft.mode === "in_place"
          ? keepsAll(parts)
            ? html`<strong>This adds files on ${host.name}.</strong> None that
                is there now is replaced.`
            : html`<strong>This writes over files on ${host.name}.</strong> What
                is replaced cannot be brought back but from another snapshot.`
          : html`<strong>${host.name} gets files of another host.</strong>
              Whoever controls ${host.name} can read them.`
      }
    </p>
    ${textField({
      id: "confirm",
      label: `Type ${host.name} to go on`,
      value: typed,
      code: true,
      error:
        problem?.fields["confirm"] ??
        (problem?.code === "name_mismatch" ? problem.message : undefined),
      onInput: onType,
    })}
  </section>`;
}
