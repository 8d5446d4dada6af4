import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { FilterEvent } from "../../events/filter.ts";
import { base } from "../../styles/base.ts";
import { count } from "../format.ts";
import {
  countNeedingAttention,
  healthOrder,
  type HostFilter,
  shownHealth,
} from "../host-rows.ts";
import { icon } from "../icon.ts";
import { isTyping } from "../keyboard.ts";
import { glyph, healthStates } from "../status.ts";
import { hostFilterStyles } from "./rm-host-filter.styles.ts";

/** State chips with counts, and a search field that `/` reaches. */
@customElement("rm-host-filter")
export class RmHostFilter extends LitElement {
  static override styles = [base, hostFilterStyles];

  @property({ attribute: false }) accessor hosts: readonly HostRow[] = [];
  @property({ attribute: false }) accessor filter: HostFilter = {
    state: "",
    query: "",
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
    const { state } = this.filter;
    return html`<div class="chips" role="group" aria-label="Filter by state">
        ${this.#chip("", "All", this.hosts.length)}
        ${state === "attention" ? this.#chip("attention", "Needs attention", countNeedingAttention(this.hosts)) : nothing}
        ${healthOrder.map((health) => {
          const number = this.hosts.filter(
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
          placeholder="Name or system"
          .value=${this.filter.query}
          @input=${(event: InputEvent) =>
            this.dispatchEvent(
              new FilterEvent({ q: (event.target as HTMLInputElement).value }),
            )}
        />
        <kbd class="key" aria-hidden="true">/</kbd>
      </label>`;
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
