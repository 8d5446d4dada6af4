import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { FilterEvent } from "../../events/filter.ts";
import { base } from "../../styles/base.ts";
import { count } from "../format.ts";
import {
  countNeedingAttention,
  hasTags,
  healthOrder,
  type HostFilter,
  shownHealth,
  tagCounts,
} from "../host-rows.ts";
import { icon } from "../icon.ts";
import { isTyping } from "../keyboard.ts";
import { plainText } from "../plain-text.ts";
import { glyph, healthStates } from "../status.ts";
import { hostFilterStyles } from "./rm-host-filter.styles.ts";

/** State and tag chips with counts, and a search field that `/` reaches. */
@customElement("rm-host-filter")
export class RmHostFilter extends LitElement {
  static override styles = [base, hostFilterStyles];

  @property({ attribute: false }) accessor hosts: readonly HostRow[] = [];
  @property({ attribute: false }) accessor filter: HostFilter = {
    state: "",
    query: "",
    tags: [],
    sort: "",
  };
  @query("input") accessor input!: HTMLInputElement;

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== "/" || isTyping(event)) return;
    event.preventDefault();
    this.input.focus();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.#onKey);
  }

  override render() {
    const { state, tags } = this.filter;
    const tagged = this.hosts.filter((host) => hasTags(host, tags));
    return html`<div class="chips" role="group" aria-label="Filter by state">
        ${this.#chip("", "All", tagged.length)}
        ${state === "attention" ? this.#chip("attention", "Needs attention", countNeedingAttention(tagged)) : nothing}
        ${healthOrder.map((health) => {
          const number = tagged.filter(
            (host) => shownHealth(host) === health,
          ).length;
          const { word } = healthStates[health];
          return number === 0 && state !== health
            ? nothing
            : this.#chip(health, word, number, glyph(healthStates[health]));
        })}
      </div>
      <label class="find">
        <span class="visually-hidden">Filter hosts</span>
        ${icon("search", 15)}
        <input
          class="input"
          type="search"
          placeholder="Name, tag or system"
          .value=${this.filter.query}
          @input=${(event: InputEvent) =>
            this.dispatchEvent(
              new FilterEvent({ q: (event.target as HTMLInputElement).value }),
            )}
        />
        <kbd class="key" aria-hidden="true">/</kbd>
      </label>
      ${this.#tags(tagged)}`;
  }

  #tags(tagged: readonly HostRow[]): TemplateResult | typeof nothing {
    const { tags } = this.filter;
    const counts = new Map(tagCounts(tagged));
    // One that no host has any more can still be taken out of the filter.
    const shown = [...new Set([...counts.keys(), ...tags])];
    if (shown.length === 0) return nothing;
    return html`<div class="chips tags" role="group" aria-label="Filter by tag">
      ${shown.map((tag) => {
        const pressed = tags.includes(tag);
        const next = pressed
          ? tags.filter((other) => other !== tag)
          : [...tags, tag];
        return html`<button
          class="chip"
          aria-pressed=${pressed ? "true" : "false"}
          @click=${() => this.dispatchEvent(new FilterEvent({ tags: next.join(",") }))}
        >
          ${icon("tag", 13)}${plainText(tag)}<span class="num"
            >${count(counts.get(tag) ?? 0)}</span
          >
        </button>`;
      })}
    </div>`;
  }

  #chip(
    state: string,
    word: string,
    number: number,
    shape?: TemplateResult,
  ): TemplateResult {
    const pressed = this.filter.state === state;
    return html`<button
      class="chip"
      aria-pressed=${pressed ? "true" : "false"}
      @click=${() => this.dispatchEvent(new FilterEvent({ state: pressed ? "" : state }))}
    >
      ${shape ?? nothing}${word}<span class="num">${count(number)}</span>
    </button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-filter": RmHostFilter;
  }
}
