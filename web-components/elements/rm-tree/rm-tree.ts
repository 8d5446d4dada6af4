import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { type TreeAction, TreeEvent } from "../../events/tree.ts";
import { base } from "../../styles/base.ts";
import { folderOf } from "../tree-path.ts";
import { chosenState, type Selection } from "../tree-selection.ts";
import { treeStyles } from "./rm-tree.styles.ts";
import { entryLine, noteLine } from "./tree-line.ts";
import type { TreeRow } from "./tree-rows.ts";

/** Lines that are drawn beyond the edges. */
const spare = 8;

/**
 * Files and folders, of which only the lines in sight are drawn. One stop of Tab: arrows move, open and close, Home and End
 * go to the ends, Space chooses, Enter opens a folder or chooses a file, letters find a name. Fires `rm-tree`.
 */
@customElement("rm-tree")
export class RmTree extends LitElement {
  static override styles = [base, treeStyles];

  @property() accessor label = "";
  @property({ attribute: false }) accessor rows: readonly TreeRow[] = [];
  @property({ attribute: false }) accessor selection: Selection = new Set();
  /** Line that the keys are on, by its path. */
  @state() accessor at = "";
  @state() accessor top = 0;
  @state() accessor height = 600;
  @query(".scroller") accessor scroller!: HTMLElement;
  readonly #line = matchMedia("(pointer: coarse)").matches ? 44 : 34;
  readonly #resized = new ResizeObserver(() => {
    this.height = this.scroller.clientHeight;
  });
  #typed = "";
  #typedAt = 0;

  override render() {
    const line = this.#line;
    const from = Math.max(0, Math.floor(this.top / line) - spare);
    const until = Math.ceil((this.top + this.height) / line) + spare;
    const index = this.#index;
    return html`<div class="head" aria-hidden="true">
        <span>Name</span><span class="right">Size</span
        ><span class="right files">Files</span
        ><span class="modified">Modified</span>
      </div>
      <div
        class="scroller"
        role="tree"
        tabindex="0"
        aria-label=${this.label}
        aria-multiselectable="true"
        aria-activedescendant=${index >= from && index < until ? `line-${index}` : nothing}
        .style=${`--line:${line}px`}
        @scroll=${() => {
          this.top = this.scroller.scrollTop;
        }}
        @keydown=${(event: KeyboardEvent) => this.#onKey(event)}
      >
        <div
          role="presentation"
          .style=${`height:${this.rows.length * line}px`}
        ></div>
        <div
          class="window"
          role="presentation"
          .style=${`transform:translateY(${from * line}px)`}
        >
          ${this.rows.slice(from, until).map((row, n) => this.#row(row, from + n, from + n === index))}
        </div>
      </div>`;
  }

  /** Puts the keys on a line, and the focus into the tree. */
  show(path: string): void {
    const index = this.rows.findIndex((row) => keyOf(row) === path);
    if (index !== -1) this.#go(index);
    this.scroller.focus();
  }

  #row(row: TreeRow, index: number, at: boolean): TemplateResult {
    if (row.kind !== "entry")
      return noteLine(row, index, at, () => this.#ask("more", row.path));
    return entryLine({
      row,
      index,
      at,
      chosen: chosenState(this.selection, row.path),
      onClick: this.#onClick,
    });
  }

  override firstUpdated(): void {
    this.#resized.observe(this.scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  override updated(): void {
    // The rest of a long folder comes when its end comes into sight.
    const until = Math.ceil((this.top + this.height) / this.#line) + spare;
    const from = Math.floor(this.top / this.#line) - spare;
    for (const row of this.rows.slice(Math.max(0, from), until))
      if (row.kind === "more") this.#ask("more", row.path);
  }

  readonly #onClick = (event: Event): void => {
    const target = event.target as Element;
    const line = target.closest<HTMLElement>(".line");
    const row = this.rows[Number(line?.dataset["index"])];
    if (row?.kind !== "entry") return;
    this.at = row.path;
    const isBox = target.closest(".box") !== null;
    if (isBox || row.open === null) this.#ask("toggle", row.path);
    else this.#ask(row.open ? "close" : "open", row.path);
  };

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.rows[this.#index];
    const to = this.#target(event.key, row);
    if (to !== null) this.#go(to);
    else if (row === undefined || !this.#act(event.key, row)) {
      if (event.key.length !== 1 || event.key === " ") return;
      this.#search(event);
    }
    event.preventDefault();
  }

  /** Where a key leads. */
  #target(key: string, row: TreeRow | undefined): number | null {
    const page = Math.max(1, Math.floor(this.height / this.#line) - 1);
    switch (key) {
      case "ArrowDown":
        return this.#index + 1;
      case "ArrowUp":
        return this.#index - 1;
      case "PageDown":
        return this.#index + page;
      case "PageUp":
        return this.#index - page;
      case "Home":
        return 0;
      case "End":
        return this.rows.length - 1;
      case "ArrowLeft":
        if (row === undefined || (row.kind === "entry" && row.open === true))
          return null;
        return this.rows.findIndex(
          (other) =>
            other.kind === "entry" &&
            other.path ===
              (row.kind === "entry" ? folderOf(row.path) : row.path),
        );
      case "ArrowRight":
        return row?.kind === "entry" && row.open === true
          ? this.#index + 1
          : null;
      default:
        return null;
    }
  }

  /** Whether the key does something to the line. */
  #act(key: string, row: TreeRow): boolean {
    if (row.kind !== "entry") {
      if (key === "Enter" || key === " ") this.#ask("more", row.path);
      return key === "Enter" || key === " ";
    }
    if (key === " " || (key === "Enter" && row.open === null))
      this.#ask("toggle", row.path);
    else if (key === "ArrowRight" && row.open === false)
      this.#ask("open", row.path);
    else if (key === "ArrowLeft" && row.open === true)
      this.#ask("close", row.path);
    else if (key === "Enter")
      this.#ask(row.open === true ? "close" : "open", row.path);
    else return false;
    return true;
  }

  /** Goes on to the next name that begins with what was typed within a second. */
  #search({ key, timeStamp }: KeyboardEvent): void {
    this.#typed =
      timeStamp - this.#typedAt > 1000 ? key : `${this.#typed}${key}`;
    this.#typedAt = timeStamp;
    const typed = this.#typed.toLowerCase();
    const start = this.#index + (typed.length === 1 ? 1 : 0);
    const order = [...this.rows.keys()].map(
      (n) => (n + start) % this.rows.length,
    );
    const found = order.find((n) => {
      const row = this.rows[n];
      return row?.kind === "entry" && row.label.toLowerCase().startsWith(typed);
    });
    if (found !== undefined) this.#go(found);
  }

  #go(to: number): void {
    const index = Math.min(Math.max(0, to), this.rows.length - 1);
    const row = this.rows[index];
    if (row === undefined) return;
    this.at = keyOf(row);
    const y = index * this.#line;
    const { scrollTop, clientHeight } = this.scroller;
    if (y < scrollTop) this.scroller.scrollTop = y;
    else if (y + this.#line > scrollTop + clientHeight)
      this.scroller.scrollTop = y + this.#line - clientHeight;
  }

  #ask(action: TreeAction, path: string): void {
    this.dispatchEvent(new TreeEvent(action, path));
  }

  /** Of the line that the keys are on; the first one when it is gone. */
  get #index(): number {
    const index = this.rows.findIndex((row) => keyOf(row) === this.at);
    return Math.max(0, index);
  }
}

function keyOf(row: TreeRow): string {
  return row.kind === "entry" ? row.path : `${row.path}\0${row.kind}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-tree": RmTree;
  }
}
