import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { SourceEvent } from "../events/source.ts";
import { ToastEvent } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { EditorData, type Edited } from "./editor-data.ts";
import { editorPageStyles } from "./editor-page.styles.ts";
import { takenOver } from "./host-tab.ts";
import { nothingHere } from "./nothing-here.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-source-form/rm-source-form.ts";

/** `/hosts/:id/sources/:group`, and `new` for a new one: what a host backs up, where to and how long it is kept. */
@customElement("rm-page-source")
export class RmPageSource extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    placeholderStyles,
    editorPageStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor hostId = "";
  /** Empty for a new one. */
  @property() accessor groupId = "";
  readonly #of = new EditorData(this);
  readonly #saving = new Saving(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data") || changed.has("hostId"))
      this.#of.open(this.data, this.hostId);
  }

  override render() {
    const edited = this.#of.value;
    if (edited instanceof ApiError)
      return loadFailed("Source group", edited, () =>
        this.#of.open(this.data, this.hostId),
      );
    const group = edited?.groups.find(({ id }) => id === this.groupId);
    return html`${breadcrumb(
        [
          ["/", "Fleet"],
          [`/hosts/${this.hostId}`, edited?.host.name ?? "Host"],
          [this.#back, "Sources"],
        ],
        this.groupId === "" ? "New" : (group?.name ?? "Edit"),
      )}
      <div class="header">
        <h1 tabindex="-1">
          ${this.groupId === "" ? "New source group" : `Edit ${group?.name ?? "source group"}`}
        </h1>
      </div>
      ${edited === null ? rowsSkeleton(6) : keyed(this.groupId, this.#body(edited))}`;
  }

  #body(edited: Edited): TemplateResult {
    const { groups, schedules, repositories } = edited;
    const group = groups.find(({ id }) => id === this.groupId) ?? null;
    if (!this.data.session.can("sources.edit"))
      return nothingHere("Your role may not change sources.", this.#back);
    if (group === null && this.groupId !== "")
      return nothingHere("This source group is not here any more.", this.#back);
    return html`<rm-source-form
      .group=${group}
      .repositories=${repositories}
      .schedules=${schedules.filter(({ group_ids }) => group_ids.includes(this.groupId))}
      .working=${this.#saving.working}
      .problem=${this.#saving.problem}
      back=${this.#back}
      @rm-source=${(event: SourceEvent) => void this.#save(event, edited)}
    ></rm-source-form>`;
  }

  async #save({ spec }: SourceEvent, { host }: Edited): Promise<void> {
    const { sources } = this.data;
    await this.#saving.run(() =>
      this.groupId === ""
        ? sources.create(this.hostId, spec)
        : sources.replace(this.groupId, spec),
    );
    if (this.#saving.problem !== null) return;
    this.dispatchEvent(new ToastEvent(takenOver(`${spec.name} saved`, host)));
    this.dispatchEvent(new NavigateEvent(this.#back));
  }

  get #back(): string {
    return `/hosts/${this.hostId}?tab=sources`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-source": RmPageSource;
  }
}
