import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import {
  type CSSResultGroup,
  html,
  LitElement,
  nothing,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import { EditorForm } from "../elements/editor-form.ts";
import type { FormProblem } from "../elements/field.ts";
import { icon } from "../elements/icon.ts";
import { toast } from "../events/toast.ts";
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
import { Unsaved } from "./unsaved.ts";

/** Of something that is edited, as the server tells it. */
export interface EditedRecord {
  readonly id: string;
  /** Another one with every change of what is edited. */
  readonly revision: string;
}

export interface EditorWords {
  /** `source group` */
  readonly noun: string;
  /** Of the host's page that lists them, by its address and by its title. */
  readonly tab: readonly [address: string, title: string];
  readonly permission: Permission;
}

export interface FormState {
  readonly working: boolean;
  readonly problem: FormProblem | null;
  /** Address that cancelling leads to. */
  readonly back: string;
  /** Goes into the form's slot: that somebody else has changed it meanwhile. */
  readonly newer: TemplateResult | typeof nothing;
}

/**
 * The page of one thing of a host that is edited in a form: a new one, or a stored one. It is edited as it was when the
 * form opened; a change that somebody else makes meanwhile is told, and neither lost nor mixed in.
 */
export abstract class EditorPage<R extends EditedRecord> extends LitElement {
  static override styles: CSSResultGroup = [
    base,
    page,
    parts,
    placeholderStyles,
    editorPageStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor hostId = "";
  /** Of what is edited; empty for a new one. */
  @property() accessor editedId = "";
  protected abstract readonly words: EditorWords;
  readonly #parts = new EditorData(this);
  #saving = new Saving(this);
  readonly #unsaved = new Unsaved(this, () => this.#isChanged);
  /** What the form was opened with, null for a new one; undefined until it is. */
  #opened: { readonly record: R | null } | undefined;
  /** What a save replaces. */
  #revision: string | undefined;

  protected abstract find(parts: Edited): R | undefined;
  /** `record`: as it was opened, null for a new one. */
  protected abstract form(
    record: R | null,
    parts: Edited,
    state: FormState,
  ): TemplateResult;

  /** Empty for what has no name. */
  protected nameOf(_record: R): string {
    return "";
  }

  /** Why there can be no form; empty when there can. */
  protected lack(_parts: Edited): string {
    return "";
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (
      !changed.has("data") &&
      !changed.has("hostId") &&
      !changed.has("editedId")
    )
      return;
    this.#parts.open(this.data, this.hostId);
    this.#opened = undefined;
  }

  override render() {
    const { noun, tab } = this.words;
    const edited = this.#parts.value;
    if (edited instanceof ApiError)
      return loadFailed(capital(noun), edited, () =>
        this.#parts.open(this.data, this.hostId),
      );
    const record = edited === null ? undefined : this.find(edited);
    const name = record === undefined ? "" : this.nameOf(record);
    const isNew = this.editedId === "";
    return html`${breadcrumb(
        [
          ["/", "Fleet"],
          [`/hosts/${this.hostId}`, edited?.host.name ?? "Host"],
          [this.#back, tab[1]],
        ],
        isNew ? "New" : name || "Edit",
      )}
      <div class="header">
        <h1 tabindex="-1">${isNew ? `New ${noun}` : `Edit ${name || noun}`}</h1>
      </div>
      ${edited === null ? rowsSkeleton(6) : this.#body(edited, record)}
      ${this.#unsaved.question()}`;
  }

  #body(edited: Edited, record: R | undefined): TemplateResult {
    const { noun, permission } = this.words;
    const gone = record === undefined && this.editedId !== "";
    const why = !this.data.session.can(permission)
      ? `Your role may not change ${noun}s.`
      : gone
        ? `This ${noun} is not here any more.`
        : this.lack(edited);
    if (why !== "") return nothingHere(why, this.#back);
    this.#opened ??= this.#open(record);
    const { working, problem, saves } = this.#saving;
    const isOld =
      !working && saves === 0 && record?.revision !== this.#revision;
    return html`${keyed(
      this.#opened,
      this.form(this.#opened.record, edited, {
        working,
        problem: isOld && isConflict(problem) ? null : problem,
        back: this.#back,
        newer: isOld ? this.#newer(record) : nothing,
      }),
    )}`;
  }

  #newer(record: R | undefined): TemplateResult {
    return html`<div class="notice warn" role="alert">
      ${icon("warning")}
      <div>
        <p>
          <strong
            >Somebody else has changed this ${this.words.noun} since you opened
            it.</strong
          >
          Load the newer one, which drops what you changed here, or keep yours,
          which replaces theirs when you save.
        </p>
        <div class="choice">
          <button
            class="button s"
            @click=${() => {
              this.#opened = this.#open(record);
              this.requestUpdate();
            }}
          >
            Load the newer one
          </button>
          <button
            class="button s"
            @click=${() => {
              this.#settle(record);
              this.requestUpdate();
            }}
          >
            Keep mine
          </button>
        </div>
      </div>
    </div>`;
  }

  /** `write` gets what it replaces; undefined for a new one. */
  protected async save(
    said: string,
    host: HostDetail,
    write: (revision: string | undefined) => Promise<unknown>,
  ): Promise<void> {
    await this.#saving.run(async () => {
      try {
        await write(this.#revision);
      } catch (error) {
        if (isConflict(error)) await this.#parts.reload();
        throw error;
      }
    });
    if (this.#saving.problem !== null) return;
    toast(takenOver(said, host));
    this.#unsaved.leave(this.#back);
  }

  #open(record: R | undefined): { readonly record: R | null } {
    this.#settle(record);
    return { record: record ?? null };
  }

  /** From now on a save replaces this one. */
  #settle(record: R | undefined): void {
    this.#revision = record?.revision;
    this.#saving = new Saving(this);
  }

  get #isChanged(): boolean {
    // Nobody who is logged out any more can save.
    return (
      this.#saving.saves === 0 &&
      this.data.session.can(this.words.permission) &&
      [...this.renderRoot.children].some(
        (child) => child instanceof EditorForm && child.isChanged,
      )
    );
  }

  get #back(): string {
    return `/hosts/${this.hostId}?tab=${this.words.tab[0]}`;
  }
}

function isConflict(refusal: unknown): boolean {
  return (refusal as { code?: unknown } | null)?.code === "changed_meanwhile";
}

function capital(noun: string): string {
  return noun.charAt(0).toUpperCase() + noun.slice(1);
}
