import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { FilterEvent } from "../../events/filter.ts";
import { base } from "../../styles/base.ts";
import { filterSelect } from "../filter-select.ts";
import { icon } from "../icon.ts";
import { isFiltered, jobAddress } from "../job-filter.ts";
import { kindNames, starterNames } from "../job-words.ts";
import { jobStates } from "../status.ts";
import { jobFilterStyles } from "./rm-job-filter.styles.ts";

/** States a person looks for; every unfinished one is called running. */
const states = [
  "running",
  "failed",
  "succeeded_with_issues",
  "succeeded",
  "cancelled",
  "lost",
] as const;

/** Chooses jobs by what they did, when, where and by whom. The address holds the choice. */
@customElement("rm-job-filter")
export class RmJobFilter extends LitElement {
  static override styles = [base, jobFilterStyles];

  @property({ attribute: false }) accessor url!: URL;
  /** To choose from; empty where the host is settled. */
  @property({ attribute: false }) accessor hosts: readonly HostRow[] = [];

  override render() {
    return html`<div class="filters" role="group" aria-label="Filter jobs">
      ${filterSelect(this.url, "state", "State", Object.fromEntries(states.map((state) => [state, jobStates[state].word])), this.#change)}
      ${filterSelect(this.url, "kind", "Kind", kindNames, this.#change)}
      ${filterSelect(this.url, "by", "Started by", starterNames, this.#change)}
      ${
        this.hosts.length === 0
          ? nothing
          : filterSelect(
              this.url,
              "host",
              "Host",
              Object.fromEntries(this.hosts.map(({ id, name }) => [id, name])),
              this.#change,
            )
      }
      ${this.#date("from", "From")}${this.#date("to", "To")} ${this.#narrowed()}
      ${
        isFiltered(this.url)
          ? html`<a class="button s ghost" href=${jobAddress(this.url, null)}
              >${icon("x", 13)}Clear filters</a
            >`
          : nothing
      }
    </div>`;
  }

  #date(name: "from" | "to", label: string): TemplateResult {
    return html`<label class="date"
      ><span class="small text-2">${label}</span>
      <input
        class="input"
        type="date"
        .value=${live(this.#value(name))}
        @change=${(event: Event) => this.#change(name, (event.target as HTMLInputElement).value)}
    /></label>`;
  }

  /** What only a link can have chosen. */
  #narrowed(): TemplateResult {
    const only = (name: string, word: string) =>
      this.#value(name) === ""
        ? nothing
        : html`<a class="button s" href=${jobAddress(this.url, { [name]: "" })}
            >${word}${icon("x", 13)}<span class="visually-hidden"
              >, show all</span
            ></a
          >`;
    return html`${only("repository", "Of one repository")}${only("group", "Of one source group")}`;
  }

  #value(name: string): string {
    return this.url.searchParams.get(name) ?? "";
  }

  readonly #change = (name: string, value: string): void => {
    this.dispatchEvent(new FilterEvent({ [name]: value }));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-job-filter": RmJobFilter;
  }
}
