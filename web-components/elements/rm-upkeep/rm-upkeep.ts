import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type {
  MaintenanceSettings,
  UpkeepKind,
} from "@restic-manager/shared/domain/maintenance.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { MaintenanceEvent, UpkeepEvent } from "../../events/upkeep.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { parts } from "../../styles/parts.ts";
import { cronInWords } from "../cron-words.ts";
import { featureStates } from "../feature-state.ts";
import { type FormProblem, focusProblem } from "../field.ts";
import { relativeTime, timeIn } from "../format.ts";
import { icon } from "../icon.ts";
import type { IconName } from "../icon-shapes.ts";
import { kindName } from "../job-words.ts";
import { glyph, jobStates, pill } from "../status.ts";
import { Ticking } from "../ticking.ts";
import {
  startRefusal,
  upkeepOf,
  upkeepState,
  upkeepTexts,
} from "../upkeep-words.ts";
import { upkeepStyles } from "./rm-upkeep.styles.ts";
import {
  type Draft,
  draftFaults,
  draftOf,
  settingsOf,
  upkeepForm,
} from "./upkeep-form.ts";

const icons: Readonly<Record<UpkeepKind, IconName>> = {
  forget: "scissors",
  prune: "trash",
  check: "shield",
};
const kinds = Object.keys(icons) as UpkeepKind[];

/**
 * What happens to a repository by itself: when it did, when it will, and why it did not. Fires `close` when the form is
 * left.
 */
@customElement("rm-upkeep")
export class RmUpkeep extends LitElement {
  static override styles = [base, form, parts, upkeepStyles];

  @property({ attribute: false }) accessor repository!: Repository;
  @property({ attribute: false }) accessor maintenance!: Maintenance;
  /** Whether this user may change the settings. */
  @property({ type: Boolean }) accessor edits = false;
  /** What this user may start. */
  @property({ attribute: false }) accessor starts: ReadonlySet<string> =
    new Set();
  @property({ type: Boolean }) accessor working = false;
  @property({ attribute: false }) accessor problem: FormProblem | null = null;
  /** Grows with every change that was saved; the form then closes. */
  @property({ type: Number }) accessor saves = 0;
  @state() accessor draft: Draft | null = null;
  @state() accessor faults: FormProblem | null = null;
  readonly #clock = new Ticking(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("saves")) this.draft = null;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("problem") || changed.has("faults"))
      if (this.#shownProblem !== null) focusProblem(this.renderRoot);
  }

  override render() {
    return html`<section class="card section" aria-label="Upkeep">
      <div class="section-head">
        <h2>Upkeep</h2>
        <span class="spring"></span>
        ${
          this.edits && this.draft === null
            ? html`<button class="button s" @click=${() => this.edit()}>
                Change upkeep
              </button>`
            : nothing
        }
      </div>
      ${this.draft === null ? this.#rows() : this.#form(this.draft)}
    </section>`;
  }

  /** Opens the form. */
  edit(): void {
    this.faults = null;
    this.draft = draftOf(this.maintenance.settings);
  }

  #rows(): TemplateResult {
    return html`<ul class="rows">
        ${kinds.map((kind) => this.#row(kind))}
      </ul>
      <p class="runner small text-2">${this.#runner()}</p>`;
  }

  #row(kind: UpkeepKind): TemplateResult {
    const { repository, maintenance } = this;
    const feature = upkeepState(kind, repository, maintenance);
    return html`<li>
      <span class="badge">${icon(icons[kind], 16)}</span>
      <div class="what">
        <h3>${kindName(kind)} ${pill(featureStates[feature.state])}</h3>
        <p class="small text-2">${upkeepTexts[kind]}</p>
        ${feature.reason === "" ? nothing : html`<p class="small ${feature.state === "failing" ? "bad-text" : feature.state === "incomplete" ? "warn-text" : "text-2"}">${feature.reason}</p>`}
      </div>
      <dl class="when small num">${this.#last(kind)}${this.#next(kind)}</dl>
      ${this.#button(kind)}
    </li>`;
  }

  #last(kind: UpkeepKind): TemplateResult {
    const { last } = upkeepOf(kind, this.maintenance);
    if (last === null)
      return html`<div>
        <dt>Last</dt>
        <dd>Never</dd>
      </div>`;
    const at = Date.parse(last.at);
    const shown = jobStates[last.state];
    return html`<div>
      <dt>Last</dt>
      <dd>
        <a
          class="link"
          href="/jobs/${last.job_id}"
          title="${shown.word}, ${timeIn(this.maintenance.tz, at, "dayTime")}"
          >${glyph(shown, { labelled: true })}${relativeTime(at, this.#clock.now)}</a
        >
      </dd>
    </div>`;
  }

  #next(kind: UpkeepKind): TemplateResult {
    const { settings, tz } = this.maintenance;
    const { next_at } = upkeepOf(kind, this.maintenance);
    const words = cronInWords(settings[kind].cron);
    if (!settings[kind].enabled || next_at === null)
      return html`<div>
        <dt>Next</dt>
        <dd>–</dd>
      </div>`;
    const at = Date.parse(next_at);
    return html`<div>
      <dt>Next</dt>
      <dd title="${timeIn(tz, at, "dayTime")}, ${tz}">
        ${relativeTime(at, this.#clock.now)}
        <span class="text-2 cron">${words}</span>
      </dd>
    </div>`;
  }

  #button(kind: UpkeepKind): TemplateResult | typeof nothing {
    if (!this.starts.has(kind)) return nothing;
    const refusal = startRefusal(kind, this.repository, this.maintenance);
    return html`<button
      class="button s"
      aria-label="Run now: ${kindName(kind).toLowerCase()}${refusal === "" ? "" : `, ${refusal}`}"
      title=${refusal === "" ? nothing : refusal}
      ?disabled=${this.working || refusal !== ""}
      @click=${() => this.dispatchEvent(new UpkeepEvent(kind))}
    >
      ${icon("play", 13)}Run now
    </button>`;
  }

  #runner(): string {
    const { settings, runners, tz } = this.maintenance;
    const chosen = runners.find(({ id }) => id === settings.runner_host_id);
    if (settings.runner_host_id === null)
      return `Done by any host that uses this repository. Times are of ${tz}.`;
    if (chosen === undefined)
      return "Done by a host that is no longer here; choose another one.";
    return `Done by ${chosen.name}${chosen.online ? "" : ", which is offline"}. Times are of ${tz}.`;
  }

  #form(draft: Draft): TemplateResult {
    return upkeepForm({
      draft,
      runners: this.maintenance.runners,
      problem: this.#shownProblem,
      working: this.working,
      change: (change) => {
        this.draft = { ...draft, ...change };
      },
      cancel: () => {
        this.draft = null;
        this.dispatchEvent(new Event("close"));
      },
      submit: () => this.#save(draft),
    });
  }

  #save(draft: Draft): void {
    this.faults = draftFaults(draft);
    if (this.faults !== null) return;
    const settings: MaintenanceSettings = settingsOf(draft);
    this.dispatchEvent(new MaintenanceEvent(settings));
  }

  get #shownProblem(): FormProblem | null {
    return this.faults ?? this.problem;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-upkeep": RmUpkeep;
  }
}
