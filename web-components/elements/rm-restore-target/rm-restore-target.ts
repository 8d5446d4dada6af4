import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { RestoreDraftEvent } from "../../events/restore-draft.ts";
import { base } from "../../styles/base.ts";
import { form } from "../../styles/form.ts";
import { focusProblem, segments, selectField, textField } from "../field.ts";
import { icon } from "../icon.ts";
import {
  overwriteWords,
  type RestoreDraft,
  type RestoreMode,
} from "../restore-draft.ts";
import { folderOf, pathText } from "../tree-path.ts";

/** Where files go: a new folder, where they came from, another host, this browser. Fires `rm-restore-draft`. */
@customElement("rm-restore-target")
export class RmRestoreTarget extends LitElement {
  static override styles = [
    base,
    form,
    css`
      .modes {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(210px, 1fr));
        gap: 10px;
      }
      .mode {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 2px 10px;
        align-content: start;
        padding: 12px 14px;
        border: 1px solid var(--rm-border-2);
        border-radius: var(--rm-radius-3);
        cursor: pointer;
      }
      .mode:hover {
        background: var(--rm-hover);
      }
      .mode:has(:checked) {
        border-color: var(--rm-accent);
        background: var(--rm-accent-soft);
      }
      .mode:has(:focus-visible) {
        outline: 2px solid var(--rm-focus);
        outline-offset: 1px;
      }
      .mode:has(:disabled) {
        cursor: not-allowed;
        color: var(--rm-text-2);
      }
      .mode input {
        width: 16px;
        height: 16px;
        margin: 2px 0 0;
        accent-color: var(--rm-accent);
        outline: none;
      }
      .mode b {
        font-weight: 550;
        font-size: var(--rm-size-13);
        line-height: 20px;
      }
      .mode .help {
        grid-column: 2;
      }
      .body {
        max-width: 640px;
      }
      .example {
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) accessor draft!: RestoreDraft;
  @property({ attribute: false }) accessor host!: HostRow;
  /** That may get the files beside `host`. */
  @property({ attribute: false }) accessor others: readonly HostRow[] = [];
  /** Whether the other host gets access for this job, because it does not use the repository. */
  @property({ type: Boolean }) accessor crosses = false;
  /** What this person may do. */
  @property({ attribute: false }) accessor modes: readonly RestoreMode[] = [];
  /** Folders that all chosen paths are, or lie in. */
  @property({ attribute: false }) accessor common: readonly string[] = [];
  /** The first chosen path, for the example. */
  @property() accessor example = "/";
  /** Whether the download is one file as it is. */
  @property({ type: Boolean }) accessor single = false;
  /** Whether a zip can be made: of one folder. */
  @property({ type: Boolean }) accessor zips = false;
  /** Why what is chosen cannot be downloaded. */
  @property({ attribute: false }) accessor downloadFault: string | null = null;
  @property({ attribute: false }) accessor errors: Readonly<
    Record<string, string>
  > = {};

  override render() {
    const { mode } = this.draft;
    return html`<div class="fields">
      <fieldset>
        <legend>Where the files go</legend>
        <div class="modes">${this.modes.map((of) => this.#mode(of))}</div>
      </fieldset>
      <div class="fields body">
        ${mode === "other" ? this.#hosts() : nothing}
        ${mode === "new" || mode === "other" ? this.#folder() : nothing}
        ${mode === "download" ? this.#format() : this.#overwrite()}
        ${
          mode === "in_place"
            ? html`<div class="notice warn">
                ${icon("warning")}<span
                  >Files on ${this.host.name} are written over where they
                  differ. Files that came after the snapshot stay. The next step
                  shows what would change and asks for the name of the
                  host.</span
                >
              </div>`
            : nothing
        }
      </div>
    </div>`;
  }

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("errors") && Object.keys(this.errors).length > 0)
      focusProblem(this.renderRoot);
  }

  #mode(mode: RestoreMode): TemplateResult {
    const { name, os } = this.host;
    const isImpossible = mode === "in_place" && os === "windows";
    const [title, help] = {
      new: ["New folder", `On ${name}, beside what is there now.`],
      in_place: [
        "Where they came from",
        isImpossible
          ? "Not possible on Windows yet; restore into a new folder and move the files."
          : `On ${name}, over what is there now.`,
      ],
      other: [
        "Another host",
        "Into a folder there, with access for this one job where it has none.",
      ],
      download: ["Download", "To this browser; nothing is written on a host."],
    }[mode] as [string, string];
    return html`<label class="mode">
      <input
        type="radio"
        name="mode"
        aria-label=${title}
        aria-describedby="mode-${mode}"
        ?disabled=${isImpossible}
        .checked=${live(this.draft.mode === mode)}
        @change=${() => this.#say({ mode })}
      />
      <b>${title}</b>
      <span class="help" id="mode-${mode}">${help}</span>
    </label>`;
  }

  #hosts(): TemplateResult {
    return html`${selectField({
      id: "to",
      label: "Host",
      value: this.draft.to,
      options: {
        "": "Choose a host",
        ...Object.fromEntries(
          this.others.map(({ id, name, online }) => [
            id,
            online ? name : `${name} (offline)`,
          ]),
        ),
      },
      error: this.errors["to"],
      onInput: (to) => this.#say({ to }),
    })}
    ${
      this.crosses
        ? html`<div class="notice run">
            ${icon("key")}<span
              >The host gets access to the repository of ${this.host.name},
              sealed for its agent, for this job alone and never written to its
              disk. The next step says how it is taken back.</span
            >
          </div>`
        : nothing
    }`;
  }

  #folder(): TemplateResult {
    return html`${textField({
      id: "path",
      label: "Folder",
      value: this.draft.path,
      code: true,
      help: "$HOME is the home of the account that the agent runs under, <job-id> the number of this job. The folder is made when it is not there.",
      error: this.errors["path"],
      onInput: (path) => this.#say({ path }),
    })}
    ${this.common.length === 0 ? nothing : this.#strip()}`;
  }

  #strip(): TemplateResult {
    const { path, strip } = this.draft;
    const kept = strip === "" ? this.example : this.example.slice(strip.length);
    return selectField({
      id: "strip",
      label: "Paths below it",
      value: strip,
      options: {
        "": "Whole, as in the snapshot",
        ...Object.fromEntries(
          this.common.map((folder) => [folder, `Without ${pathText(folder)}`]),
        ),
      },
      help: html`<span class="example"
        ><span class="mono"><bdi>${pathText(this.example)}</bdi></span>
        becomes
        <span class="mono"
          ><bdi>${pathText(`${path.replace(/[\\/]$/, "")}${kept}`)}</bdi></span
        ></span
      >`,
      error: this.errors["strip"],
      onInput: (to) => this.#say({ strip: to }),
    });
  }

  #overwrite(): TemplateResult {
    return selectField({
      id: "overwrite",
      label: "Files that are there already",
      value: this.draft.overwrite,
      options: overwriteWords,
      help: "By restic 0.17 and later; older ones replace every file.",
      error: this.errors["overwrite"],
      onInput: (overwrite) => this.#say({ overwrite }),
    });
  }

  #format(): TemplateResult {
    if (this.downloadFault !== null)
      return html`<div class="notice warn" role="alert">
        ${icon("warning")}<span>${this.downloadFault}</span>
      </div>`;
    if (this.single)
      return html`<p class="help">
        ${pathText(this.example.slice(folderOf(this.example).length).replace(/^\//, ""))}
        comes as it is.
      </p>`;
    return this.zips
      ? segments({
          name: "format",
          label: "Archive",
          options: { tar: "tar", zip: "zip" },
          value: this.draft.format,
          onChange: (format) => this.#say({ format }),
        })
      : html`<p class="help">Several paths come as one tar archive.</p>`;
  }

  #say(change: { readonly [K in keyof RestoreDraft]?: string }): void {
    this.dispatchEvent(new RestoreDraftEvent(change));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-restore-target": RmRestoreTarget;
  }
}
