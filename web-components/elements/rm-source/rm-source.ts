import type {
  Repository,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";
import { conflictWords } from "../conflict-words.ts";
import { cronInWords } from "../cron-words.ts";
import { icon } from "../icon.ts";
import { retentionRules } from "../retention-words.ts";
import { sourceStyles } from "./rm-source.styles.ts";

/** A source group: what a host backs up, where to, when and for how long. Fires `remove`. */
@customElement("rm-source")
export class RmSource extends LitElement {
  static override styles = [base, parts, sourceStyles];

  @property({ attribute: false }) accessor group!: SourceGroup;
  @property({ attribute: false }) accessor repositories: readonly Repository[] =
    [];
  /** Of the host. */
  @property({ attribute: false }) accessor schedules: readonly Schedule[] = [];
  /** Address of the host's page. */
  @property() accessor host = "";
  /** Whether this user may change it. */
  @property({ type: Boolean }) accessor edits = false;
  /** Whether this user may see hooks. */
  @property({ type: Boolean }) accessor seesHooks = false;

  override render() {
    const { id, name } = this.group;
    return html`<section class="card section" aria-label="Source group ${name}">
      <div class="section-head">
        <h2 class="truncate">${name}</h2>
        <span class="small text-3">restic tag of its snapshots</span>
        <span class="spring"></span>
        ${
          this.edits
            ? html`<a
                  class="button s"
                  href="${this.host}/sources/${id}"
                  aria-label="Edit ${name}"
                  >Edit</a
                ><button
                  class="button s danger"
                  aria-label="Delete ${name}"
                  @click=${() => this.dispatchEvent(new Event("remove"))}
                >
                  Delete
                </button>`
            : nothing
        }
      </div>
      ${this.#notices()}${this.#lists()}${this.#facts()}
    </section>`;
  }

  #notices(): TemplateResult {
    const conflict = conflictWords(this.group.conflict);
    return html`${
      this.group.hooks.unreadable
        ? html`<div class="notice bad">
            ${icon("warning")}<span
              >Its hooks cannot be decrypted, so its backups fail until they are
              entered again.</span
            >
          </div>`
        : nothing
    }${
      conflict === ""
        ? nothing
        : html`<div class="notice warn">
            ${icon("warning")}<span>${conflict}</span>
          </div>`
    }`;
  }

  #lists(): TemplateResult {
    const { includes, excludes, options } = this.group;
    const words = [
      options.exclude_caches ? "Folders with a CACHEDIR.TAG" : "",
      options.one_file_system ? "Other file systems below a path" : "",
    ].filter(Boolean);
    if (words.length + excludes.length === 0) words.push("Nothing");
    return html`<div class="lists">
      <div>
        <h3>Paths</h3>
        <ul>
          ${includes.map((path) => html`<li>${path}</li>`)}
        </ul>
      </div>
      <div>
        <h3>Left out</h3>
        <ul>
          ${words.map((word) => html`<li class="word">${word}</li>`)}${excludes.map((pattern) => html`<li>${pattern}</li>`)}
        </ul>
      </div>
    </div>`;
  }

  #facts(): TemplateResult {
    const { repository_id, retention, retry } = this.group;
    const repository = this.repositories.find(({ id }) => id === repository_id);
    const rules = retentionRules(retention);
    return html`<dl class="pairs wide">
      <dt>Runs</dt>
      <dd>${this.#runs()}</dd>
      <dt>Keeps</dt>
      <dd>
        ${rules.length === 0 ? "every snapshot; nothing is ever removed" : rules.join("; ")}
      </dd>
      ${
        this.repositories.length < 2
          ? nothing
          : html`<dt>Repository</dt>
              <dd>${repository?.name ?? "the host’s default"}</dd>`
      }
      <dt>Hooks</dt>
      <dd>${this.#hooks()}</dd>
      <dt>If it cannot start</dt>
      <dd>
        ${retry.max === 0 ? "waits for its next time" : `tried again up to ${retry.max === 1 ? "once" : `${retry.max} times`}`}
      </dd>
    </dl>`;
  }

  #runs(): TemplateResult {
    const schedules = this.schedules.filter(({ group_ids }) =>
      group_ids.includes(this.group.id),
    );
    if (schedules.length === 0)
      return html`<span class="warn-text"
        >only when somebody starts it: no schedule names it</span
      >`;
    return html`${schedules.map(
      ({ cron, enabled }) =>
        html`<span class="run-time"
          >${cronInWords(cron)}${enabled ? "" : " (off)"}</span
        >`,
    )}`;
  }

  #hooks(): TemplateResult | string {
    const { pre, post } = this.group.hooks;
    const words = { group: "its own", host: "the host’s default" } as const;
    const said = [
      pre === "none" ? "" : `before: ${words[pre]}`,
      post === "none" ? "" : `after: ${words[post]}`,
    ].filter(Boolean);
    const text = said.length === 0 ? "none" : said.join("; ");
    return this.seesHooks
      ? html`<a class="link" href="${this.host}?tab=hooks">${text}</a>`
      : text;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-source": RmSource;
  }
}
