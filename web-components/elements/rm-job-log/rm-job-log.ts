import type { LogLine } from "@restic-manager/shared/domain/job.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { base } from "../../styles/base.ts";
import { count, plural, time } from "../format.ts";
import { icon } from "../icon.ts";
import { plainText } from "../plain-text.ts";
import { jobLogStyles } from "./rm-job-log.styles.ts";

const chunkSize = 200;
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
  @state() accessor following = true;
  @state() accessor wrapped = matchMedia("(max-width: 719px)").matches;
  @state() accessor issuesOnly = false;
  @query(".scroller") accessor scroller!: HTMLElement;
  #gestureAt = 0;
  /** Chunks change their height when the browser begins to lay them out; that must not lose the end. */
  readonly #resized = new ResizeObserver(() => this.#keepEnd());

  override render() {
    return html`<div class="tools" role="toolbar" aria-label="Log tools">
        <h2>Log</h2>
        <span class="text-3 small num">${this.#counts()}</span>
        <span class="spring"></span>
        <button
          class="button s ghost"
          aria-pressed=${this.issuesOnly ? "true" : "false"}
          @click=${() => {
            this.issuesOnly = !this.issuesOnly;
          }}
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
        <a
          class="button square s ghost"
          href=${this.download}
          download
          aria-label="Download the whole log"
          title="Download the whole log"
        >
          ${icon("download", 15)}
        </a>
      </div>
      <div
        class="scroller ${this.wrapped ? "wrapped" : ""} ${this.issuesOnly ? "issues" : ""}"
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
  }

  #counts(): string {
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
        const before = chunks[index - 1]?.at(-1);
        return guard(
          [chunk[0]!.n, chunk.length],
          () =>
            html`<div class="chunk">
              ${chunk.map((line, index) => logLine(line, chunk[index - 1] ?? before))}
            </div>`,
        );
      },
    )}`;
  }

  #placeholder(): TemplateResult | typeof nothing {
    if (this.problem !== "")
      return html`<p class="placeholder bad-text">${this.problem}</p>`;
    if (this.lines.length === 0) {
      return html`<p class="placeholder">
        ${this.live ? "The first lines come with the agent’s first report." : "No lines."}
      </p>`;
    }
    if (this.issuesOnly && this.#issueCount === 0)
      return html`<p class="placeholder">No issues so far.</p>`;
    return nothing;
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
