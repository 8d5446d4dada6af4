import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { FilterEvent } from "../../events/filter.ts";
import { base } from "../../styles/base.ts";
import { count, plural, time } from "../format.ts";
import { icon } from "../icon.ts";
import { plainText } from "../plain-text.ts";
import { jobLogStyles } from "./rm-job-log.styles.ts";

const chunkSize = 200;
/** How long a person does not type before the search begins, in milliseconds. */
const typingMs = 250;
/** How long after a person's gesture a scroll is taken for theirs, in milliseconds. */
const gestureMs = 400;

/**
 * A job's log: real DOM in chunks that the browser skips while out of sight, so that its find, selection and copy work.
 * It follows the end until a person scrolls away.
 */
@customElement("rm-job-log")
export class RmJobLog extends LitElement {
  static override styles = [base, jobLogStyles];

  @property({ attribute: false }) accessor lines: readonly LogLine[] = [];
  /** Whether more may come. */
  @property({ type: Boolean }) accessor live = false;
  /** Address of the whole log as a file. */
  @property() accessor download = "";
  @property() accessor problem = "";
  /** What the lines were chosen by: text they contain, and whether they are warnings and errors alone. */
  @property() accessor search = "";
  @property({ type: Boolean }) accessor issuesOnly = false;
  /** Whether lines are still being fetched. */
  @property({ type: Boolean }) accessor loading = false;
  /** What stands in the field; the search follows it. */
  @state() accessor text = "";
  @state() accessor following = true;
  @state() accessor wrapped = matchMedia("(max-width: 719px)").matches;
  @query(".scroller") accessor scroller!: HTMLElement;
  #gestureAt = 0;
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** Chunks change their height when the browser begins to lay them out; that must not lose the end. */
  readonly #resized = new ResizeObserver(() => this.#keepEnd());

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    // What a person has typed since stays: the search that comes of it is on its way, or only lacks a space at the end.
    const isAhead = this.#typing !== undefined;
    if (changed.has("search") && !isAhead && this.text.trim() !== this.search)
      this.text = this.search;
  }

  override render() {
    return html`<div class="tools" role="toolbar" aria-label="Log tools">
        <h2>Log</h2>
        <span class="text-3 small num">${this.#counts()}</span>
        <span class="spring"></span>
        <label class="find">
          <span class="visually-hidden">Search the log</span>
          ${icon("search", 14)}
          <input
            class="input"
            type="search"
            maxlength="200"
            placeholder="Search"
            .value=${live(this.text)}
            @input=${this.#typed}
            @change=${this.#searched}
          />
        </label>
        <button
          class="button s ghost"
          aria-pressed=${this.issuesOnly ? "true" : "false"}
          @click=${() => this.#choose({ issues: this.issuesOnly ? "" : "1" })}
        >
          ${icon("filter", 14)}Issues only
        </button>
        <button
          class="button square s ghost"
          aria-label="Wrap lines"
          title="Wrap lines"
          aria-pressed=${this.wrapped ? "true" : "false"}
          @click=${() => {
            this.wrapped = !this.wrapped;
          }}
        >
          ${icon("wrap", 15)}
        </button>
        ${this.#downloadLink(".txt")}${this.#downloadLink(".ndjson")}
      </div>
      <div
        class="scroller ${this.wrapped ? "wrapped" : ""}"
        role="log"
        aria-label="Job log"
        aria-live="off"
        tabindex="0"
        @scroll=${this.#scrolled}
        @wheel=${this.#gesture}
        @touchmove=${this.#gesture}
        @pointerdown=${this.#gesture}
        @keydown=${this.#gesture}
      >
        <div class="content">${this.#chunks()}${this.#placeholder()}</div>
      </div>
      ${
        this.live && !this.following
          ? html`<button class="button s jump" @click=${() => this.#follow()}>
              ${icon("arrow-down", 14)}Follow
            </button>`
          : nothing
      }`;
  }

  override firstUpdated(): void {
    this.#resized.observe(this.renderRoot.querySelector(".content")!);
  }

  override updated(): void {
    this.#keepEnd();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    clearTimeout(this.#typing);
  }

  #downloadLink(extension: ".txt" | ".ndjson"): TemplateResult {
    const label = `Download the whole log as ${extension}`;
    return html`<a
      class="button s ghost download"
      href="${this.download}${extension}"
      download
      aria-label=${label}
      title=${label}
      >${icon("download", 14)}${extension}</a
    >`;
  }

  /** Searches when typing rests: the server looks through the whole log. */
  readonly #typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(this.#searched, typingMs);
  };

  readonly #searched = (): void => {
    clearTimeout(this.#typing);
    this.#typing = undefined;
    const q = this.text.trim();
    if (q !== this.search) this.#choose({ q });
  };

  #choose(change: Readonly<Record<string, string>>): void {
    this.dispatchEvent(new FilterEvent(change));
  }

  get #isFiltered(): boolean {
    return this.search !== "" || this.issuesOnly;
  }

  #counts(): string {
    if (this.#isFiltered) return `${plural(this.lines.length, "line")} found`;
    const issues = this.#issueCount;
    const lines = plural(this.lines.length, "line");
    return issues === 0 ? lines : `${lines}, ${plural(issues, "issue")}`;
  }

  get #issueCount(): number {
    return this.lines.filter(({ k }) => k === "warning" || k === "error")
      .length;
  }

  #chunks(): TemplateResult {
    const chunks: LogLine[][] = [];
    for (let at = 0; at < this.lines.length; at += chunkSize)
      chunks.push(this.lines.slice(at, at + chunkSize));
    return html`${repeat(
      chunks,
      (chunk) => chunk[0]!.n,
      (chunk, index) => {
        const before = this.#isFiltered ? undefined : chunks[index - 1]?.at(-1);
        return guard(
          [chunk[0]!.n, chunk.length, this.#isFiltered],
          () =>
            html`<div class="chunk">
              ${chunk.map((line, index) => logLine(line, this.#isFiltered ? undefined : (chunk[index - 1] ?? before)))}
            </div>`,
        );
      },
    )}`;
  }

  #placeholder(): TemplateResult | typeof nothing {
    if (this.problem !== "")
      return html`<p class="placeholder bad-text">${this.problem}</p>`;
    if (this.lines.length > 0) return nothing;
    return html`<p class="placeholder">${this.#emptyText()}</p>`;
  }

  #emptyText(): string {
    if (this.loading) return "Loading";
    if (this.search !== "") return "No line contains this.";
    if (this.issuesOnly) return "No issues so far.";
    return this.live
      ? "The first lines come with the agent’s first report."
      : "No lines.";
  }

  #follow(): void {
    this.following = true;
    this.#keepEnd();
  }

  #keepEnd(): void {
    if (this.following && this.live)
      this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  readonly #gesture = (event: Event): void => {
    this.#gestureAt = event.timeStamp;
  };

  readonly #scrolled = (event: Event): void => {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < 24) this.following = true;
    else if (event.timeStamp - this.#gestureAt < gestureMs)
      this.following = false;
    else this.#keepEnd();
  };
}

function logLine(
  { n, t, l, k }: LogLine,
  before: LogLine | undefined,
): TemplateResult {
  const file = k === "new" || k === "changed";
  const missing = before === undefined ? 0 : n - before.n - 1;
  return html`${
      missing === 0
        ? nothing
        : html`<p class="gap">
            ${plural(missing, "line")} did not reach the server
          </p>`
    }
    <div class="line ${k}">
      <span class="number">${count(n)}</span
      ><span class="at">${time(Date.parse(t), "seconds")}</span
      >${file ? html`<span class="kind">${k}</span>` : nothing}<span
        class="text"
        >${plainText(l)}</span
      >
    </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-job-log": RmJobLog;
  }
}
