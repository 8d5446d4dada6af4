import { html, nothing, type TemplateResult } from "lit";
import { bytes, count, time } from "../format.ts";
import { icon } from "../icon.ts";
import { busy } from "../status.ts";
import { pathText } from "../tree-path.ts";
import type { Chosen } from "../tree-selection.ts";
import type { EntryRow, NoteRow } from "./tree-rows.ts";

export interface LineParts {
  readonly row: EntryRow;
  readonly index: number;
  readonly chosen: Chosen;
  /** Whether the keys are here. */
  readonly at: boolean;
  readonly onClick: (event: Event) => void;
}

const checked = { on: "true", mixed: "mixed", off: "false" } as const;
const looks = { on: "chosen", mixed: "partly", off: "" } as const;
const kinds = { dir: "folder", file: "file", symlink: "link", other: "device" };

export function entryLine({
  row,
  index,
  chosen,
  at,
  onClick,
}: LineParts): TemplateResult {
  const { entry, open } = row;
  const label = pathText(row.label);
  const folder = label.slice(0, label.lastIndexOf("/") + 1);
  const isDir = open !== null || entry.t === "dir";
  const goesTo = entry.l === undefined ? "" : ` → ${pathText(entry.l)}`;
  const modified = time(entry.m * 1000, "dateTime");
  return html`<div
    class="line ${looks[chosen]} ${open === true ? "open" : ""} ${at ? "at" : ""}"
    role="treeitem"
    id="line-${index}"
    aria-level=${row.level}
    aria-posinset=${row.position}
    aria-setsize=${row.siblings}
    aria-expanded=${open === null ? nothing : String(open)}
    aria-checked=${checked[chosen]}
    data-index=${index}
    @click=${onClick}
  >
    <span class="name" .style=${indent(row.level)}>
      <span class="twist ${open === null ? "" : "folder"}"
        >${open === null ? nothing : icon("chevron-right", 15)}</span
      >
      <span class="box">${chosen === "on" ? icon("check", 12) : nothing}</span>
      <span class="kind ${isDir ? "folder" : ""}"
        >${icon(isDir ? "folder" : "file", 16)}</span
      >
      <span
        class="truncate ${folder === "" ? "" : "path"}"
        title="${label}${goesTo}"
        ><span dir="ltr"
          ><bdi class="text-2">${folder}</bdi
          ><bdi>${label.slice(folder.length)}</bdi
          ><span class="visually-hidden">${kinds[entry.t]}</span
          >${goesTo === "" ? nothing : html`<bdi class="text-3">${goesTo}</bdi>`}</span
        ></span
      >
    </span>
    <span class="right num">${bytes(entry.s)}</span>
    <span class="right num text-2 files"
      >${isDir ? count(entry.c ?? 0) : "–"}</span
    >
    <span class="num text-2 modified">${modified}</span>
  </div>`;
}

/** Below an open folder; `onMore` asks for what is not here. */
export function noteLine(
  { kind, text, level }: NoteRow,
  index: number,
  at: boolean,
  onMore: () => void,
): TemplateResult {
  return html`<div
    class="line note ${at ? "at" : ""}"
    role="treeitem"
    id="line-${index}"
    aria-level=${level}
  >
    <span class="name" .style=${indent(level)}>
      <span class="twist"></span>
      ${kind === "loading" || kind === "more" ? busy() : nothing}
      <span class="truncate" title=${text}>${text}</span>
      ${
        kind === "problem"
          ? html`<button class="button s" tabindex="-1" @click=${onMore}>
              Try again
            </button>`
          : nothing
      }
    </span>
  </div>`;
}

/** Deep folders go on at the twelfth step, or names would have no room. */
function indent(level: number): string {
  return `padding-left:${Math.min(level - 1, 12) * 19}px`;
}
