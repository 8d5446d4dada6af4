import { html, nothing, type TemplateResult } from "lit";
import { errorWords } from "../data/api-error.ts";
import { bytes, plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { type TreeRow, treeRows } from "../elements/rm-tree/tree-rows.ts";
import { busy } from "../elements/status.ts";
import { isFolder, pathText } from "../elements/tree-path.ts";
import {
  chosenState,
  type Selection,
  type SelectionSum,
} from "../elements/tree-selection.ts";
import type { TreeEvent } from "../events/tree.ts";
import type { SnapshotTree } from "./snapshot-tree.ts";

export interface FilesParts {
  readonly tree: SnapshotTree;
  readonly selection: Selection;
  /** How many paths were chosen before that the address had no room for. */
  readonly leftOut: number;
  readonly sum: SelectionSum;
  /** Why the last choice was not taken. */
  readonly refused: string;
  readonly onTree: (event: TreeEvent) => void;
  readonly onFind: (text: string) => void;
  readonly onToggle: (path: string) => void;
}

/** The tree of a snapshot, and beside it what is chosen. */
export function filesStep(parts: FilesParts): TemplateResult {
  return html`<div class="files">
    <section class="card tree" aria-label="Files">
      ${parts.tree.index?.state === "ready" && parts.tree.problem === null ? browser(parts) : waiting(parts.tree)}
    </section>
    <section class="card section selected" aria-label="Selected">
      ${selected(parts)}
    </section>
  </div>`;
}

function browser(parts: FilesParts): TemplateResult {
  const { tree, selection } = parts;
  const all = chosenState(selection, "/");
  return html`<div class="find-bar">
      <label class="all"
        ><input
          type="checkbox"
          .checked=${all === "on"}
          .indeterminate=${all === "mixed"}
          @change=${() => parts.onToggle("/")}
        />Everything</label
      >
      <span class="spring"></span>
      <label class="find"
        ><span class="visually-hidden">Find in this snapshot</span
        >${icon("search", 14)}<input
          class="input"
          type="search"
          placeholder="Find in this snapshot"
          autocomplete="off"
          spellcheck="false"
          .value=${tree.finding}
          @input=${(event: InputEvent) => parts.onFind((event.target as HTMLInputElement).value)}
      /></label>
    </div>
    ${parts.refused === "" ? nothing : html`<div class="notice warn" role="alert">${icon("warning")}<span>${parts.refused}</span></div>`}
    ${findNote(tree)}
    <rm-tree
      label=${tree.found === null ? "Files of the snapshot" : "Files found"}
      .rows=${rowsOf(tree)}
      .selection=${selection}
      @rm-tree=${parts.onTree}
    ></rm-tree>`;
}

/** Found files stand alone, with their whole paths. */
function rowsOf({ found, folders, open }: SnapshotTree): readonly TreeRow[] {
  if (found === null) return treeRows(folders, open);
  return found.found.map(({ path, entry }, index) => ({
    kind: "entry",
    path,
    label: path,
    entry,
    level: 1,
    position: index + 1,
    siblings: found.found.length,
    open: isFolder(entry) ? false : null,
  }));
}

function findNote(tree: SnapshotTree): TemplateResult {
  const { finding, found, findProblem } = tree;
  return html`<p class="find-note text-2" role="status">
    ${
      findProblem !== null
        ? errorWords(findProblem)
        : finding.length === 1
          ? "Use at least two characters."
          : finding === ""
            ? nothing
            : found === null
              ? "Looking for it"
              : `${plural(found.found.length, "name")} found${found.more ? "; there are more, type more of the name" : ""}. Enter opens a folder in the tree.`
    }
  </p>`;
}

/** Until the server knows what is in the snapshot, and why it does not. */
function waiting(tree: SnapshotTree): TemplateResult {
  const { index, problem } = tree;
  const retry = html`<button class="button" @click=${() => tree.retry()}>
    ${icon("retry", 14)}Try again
  </button>`;
  if (problem?.code === "snapshot_not_found")
    return html`<div class="nothing" role="alert">
      <h2>This snapshot is gone</h2>
      <p>It was forgotten meanwhile. Choose another one.</p>
    </div>`;
  if (problem !== null)
    return html`<div class="nothing" role="alert">
      <h2>What is in this snapshot cannot be shown</h2>
      <p>${errorWords(problem)}</p>
      ${retry}
    </div>`;
  if (index?.state === "failed")
    return html`<div class="nothing" role="alert">
      <h2>The agent could not read this snapshot</h2>
      <p>${pathText(index.message ?? "It did not say why.")}</p>
      ${retry}
    </div>`;
  return html`<div class="nothing" role="status">
    <p class="row reading">
      ${busy()}${
        index?.state === "indexing"
          ? html`The agent reads what is in this snapshot:
            ${plural(index.trees, "folder")} so far`
          : "Loading"
      }
    </p>
    ${index?.state === "indexing" ? html`<p class="small">This happens once for a snapshot. Later it opens at once.</p>` : nothing}
  </div>`;
}

function selected({
  selection,
  leftOut,
  sum,
  tree,
  onToggle,
}: FilesParts): TemplateResult {
  if (selection.size === 0)
    return html`<h2>Selected</h2>
      ${
        leftOut === 0
          ? nothing
          : html`<div class="notice warn" role="alert">
              ${icon("warning")}<span
                >${plural(leftOut, "path")} would be too long for an address.
                Choose them again, or a folder that holds them.</span
              >
            </div>`
      }
      <p class="text-2">
        Nothing yet. Tick files and folders; a folder brings everything in it.
      </p>`;
  return html`<h2>Selected</h2>
    <p class="total num" role="status">
      <b>${bytes(sum.bytes)}</b>
      <span class="text-2">${plural(sum.files, "file")}</span>
    </p>
    ${
      sum.unknown > 0 && tree.index?.state === "ready"
        ? html`<p class="small warn-text">
            Without ${plural(sum.unknown, "path")} of unknown size.
          </p>`
        : nothing
    }
    <ul>
      ${[...selection].slice(0, 100).map((path) => chosenPath(path, tree, onToggle))}
    </ul>
    ${selection.size > 100 ? html`<p class="small text-2">and ${selection.size - 100} more</p>` : nothing}
    <p class="small text-2 promise">
      ${icon("info", 14)}Nothing is written until you confirm in step 4.
    </p>`;
}

function chosenPath(
  path: string,
  tree: SnapshotTree,
  onToggle: (path: string) => void,
): TemplateResult {
  const entry = tree.entryAt(path);
  const text = pathText(path);
  return html`<li>
    <span class="text-2"
      >${icon(entry === undefined || isFolder(entry) ? "folder" : "file", 15)}</span
    >
    <span class="path mono" title=${text}><bdi>${text}</bdi></span>
    <span class="num text-2 small"
      >${entry === undefined ? "unknown" : bytes(entry.s)}</span
    >
    <button
      class="button square s ghost"
      aria-label="Leave out ${text}"
      @click=${() => onToggle(path)}
    >
      ${icon("x", 14)}
    </button>
  </li>`;
}
