import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { DiffEvent } from "../../events/diff.ts";
import { base } from "../../styles/base.ts";
import { changeText, sumText } from "../diff-words.ts";
import { bytes } from "../format.ts";
import { icon } from "../icon.ts";
import { folderOf, pathText } from "../tree-path.ts";
import type { DiffRow } from "./diff-rows.ts";
import { diffStyles } from "./rm-diff.styles.ts";

const signs = { added: "+", removed: "−", changed: "~" } as const;

/** What a person may do with the older version of a file or folder. */
export interface OlderVersion {
  /** Address of the page that brings it back, or null. */
  readonly restore: string | null;
  /** Address of the file itself, or null. */
  readonly download: string | null;
}

/**
 * What changed, folded by folder. One stop of Tab: arrows move, open and close, Home and End go to the ends, Enter opens and
 * closes; Tab then leads to what the line can do. Fires `rm-diff`.
 */
@customElement("rm-diff")
export class RmDiff extends LitElement {
  static override styles = [base, diffStyles];

  @property() accessor label = "";
  @property({ attribute: false }) accessor rows: readonly DiffRow[] = [];
  @property({ attribute: false }) accessor older: (
    path: string,
    before: TreeEntry,
  ) => OlderVersion = () => ({ restore: null, download: null });
  /** Line that the keys are on, by its path. */
  @state() accessor at = "";
  #focusAfter = false;

  override render() {
    const at = this.#index;
    return html`<div
      role="treegrid"
      aria-label=${this.label}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
    >
      ${repeat(
        this.rows,
        (row) => row.path,
        (row, index) => this.#row(row, index === at),
      )}
    </div>`;
  }

  #row(row: DiffRow, at: boolean): TemplateResult {
    return html`<div
      class="line ${row.kind} ${row.kind === "change" ? row.change.kind : ""}"
      role="row"
      tabindex=${at ? 0 : -1}
      aria-level=${row.level}
      aria-expanded=${row.kind === "change" && row.folder ? String(row.open) : nothing}
      .style=${`--level:${row.level - 1}`}
      @click=${() => this.#activate(row)}
      @focus=${() => {
        this.at = row.path;
      }}
    >
      ${row.kind === "note" ? html`<div role="gridcell" class="name">${row.text}</div>` : this.#change(row, at)}
    </div>`;
  }

  #change(
    row: Extract<DiffRow, { kind: "change" }>,
    at: boolean,
  ): TemplateResult {
    const { change, folder } = row;
    const name = pathText(change.n);
    return html`<div role="gridcell" class="name">
        <span class="twist ${row.open ? "open" : ""}"
          >${folder ? icon("chevron-right", 14) : nothing}</span
        >${icon(folder ? "folder" : "file", 15)}
        <bdi class="truncate" title=${name}>${name}</bdi>
      </div>
      <div role="gridcell" class="kind">${this.#kind(row)}</div>
      <div role="gridcell" class="what num" title=${changeText(change)}>
        ${change.sum === null ? changeText(change) : this.#bytes(change.sum)}
      </div>
      <div role="gridcell" class="acts">
        ${change.before === null ? nothing : this.#acts(row.path, change.before, name, at)}
      </div>`;
  }

  #kind({ change }: Extract<DiffRow, { kind: "change" }>): TemplateResult {
    const { kind, sum } = change;
    const words =
      sum === null
        ? kind
        : kind === "changed"
          ? sumText(sum)
          : `${kind} with all in it`;
    return html`<span class="sign" aria-hidden="true">${signs[kind]}</span
      >${words}`;
  }

  #bytes({
    bytes_added: more,
    bytes_removed: less,
  }: {
    bytes_added: number;
    bytes_removed: number;
  }): string {
    return [
      more === 0 ? "" : `+${bytes(more)}`,
      less === 0 ? "" : `−${bytes(less)}`,
    ]
      .filter(Boolean)
      .join("  ");
  }

  #acts(
    path: string,
    before: TreeEntry,
    name: string,
    at: boolean,
  ): TemplateResult {
    const { restore, download } = this.older(path, before);
    const link = (
      href: string | null,
      shape: "history" | "download",
      label: string,
    ) =>
      href === null
        ? nothing
        : html`<a
            class="button square s ghost"
            href=${href}
            ?download=${shape === "download"}
            tabindex=${at ? 0 : -1}
            aria-label="${label} of ${name}"
            title=${label}
            @click=${(event: Event) => event.stopPropagation()}
            >${icon(shape, 14)}</a
          >`;
    return html`${link(restore, "history", "Restore the older version")}${link(download, "download", "Download the older version")}`;
  }

  #activate(row: DiffRow): void {
    this.at = row.path;
    if (row.kind === "note") {
      const folder = row.path.slice(0, row.path.indexOf("\0"));
      if (row.action !== null)
        this.dispatchEvent(new DiffEvent(row.action, folder));
    } else if (row.folder)
      this.dispatchEvent(new DiffEvent(row.open ? "close" : "open", row.path));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Keys of a link inside the line are the link's own.
    if (event.key === "Enter" && event.target instanceof HTMLAnchorElement)
      return;
    const row = this.rows[this.#index];
    if (row === undefined || !this.#moved(row, event.key)) return;
    event.preventDefault();
  }

  /** Whether the key meant something here. */
  #moved(row: DiffRow, key: string): boolean {
    const index = this.#index;
    const isFolder = row.kind === "change" && row.folder;
    switch (key) {
      case "ArrowDown":
        return this.#go(index + 1);
      case "ArrowUp":
        return this.#go(index - 1);
      case "Home":
        return this.#go(0);
      case "End":
        return this.#go(this.rows.length - 1);
      case "ArrowRight":
        if (isFolder && !row.open) this.#activate(row);
        else if (isFolder) this.#go(index + 1);
        return true;
      case "ArrowLeft":
        if (isFolder && row.open) this.#activate(row);
        else this.#goTo(folderOf(row.path.split("\0")[0] ?? ""));
        return true;
      case "Enter":
        this.#activate(row);
        return true;
      default:
        return false;
    }
  }

  #go(index: number): boolean {
    const row = this.rows[index];
    if (row !== undefined) this.#goTo(row.path);
    return true;
  }

  #goTo(path: string): void {
    if (!this.rows.some((row) => row.path === path)) return;
    this.at = path;
    this.#focusAfter = true;
    this.requestUpdate();
  }

  override updated(): void {
    if (!this.#focusAfter) return;
    this.#focusAfter = false;
    this.renderRoot.querySelector<HTMLElement>('.line[tabindex="0"]')?.focus();
  }

  get #index(): number {
    return Math.max(
      0,
      this.rows.findIndex(({ path }) => path === this.at),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-diff": RmDiff;
  }
}
