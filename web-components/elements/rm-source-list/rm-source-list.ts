import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { parts } from "../../styles/parts.ts";

/** What a host backs up. */
@customElement("rm-source-list")
export class RmSourceList extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 16px;
        max-width: 720px;
      }
      .lists {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
        gap: 16px 24px;
      }
      h3 {
        margin-bottom: 6px;
        font-size: var(--rm-size-12);
        font-weight: 500;
        color: var(--rm-text-2);
      }
      li {
        font: 400 12.5px/20px var(--rm-mono);
        overflow-wrap: anywhere;
      }
      li.word {
        font: 400 var(--rm-size-13) / 20px var(--rm-sans);
      }
    `,
  ];

  @property({ attribute: false }) accessor groups: readonly SourceGroup[] = [];

  override render() {
    return html`${this.groups.map((group) => this.#group(group))}`;
  }

  #group({ name, includes, excludes, options }: SourceGroup): TemplateResult {
    return html`<section class="card section" aria-label="Source group ${name}">
      <div class="section-head">
        <h2>${name}</h2>
        <span class="small text-3">restic tag of its snapshots</span>
      </div>
      <div class="lists">
        <div>
          <h3>Paths</h3>
          <ul>
            ${includes.map((path) => html`<li>${path}</li>`)}
          </ul>
        </div>
        <div>
          <h3>Left out</h3>
          <ul>
            ${options.exclude_caches ? html`<li class="word">Folders with a CACHEDIR.TAG</li>` : nothing}
            ${options.one_file_system ? html`<li class="word">Other file systems below a path</li>` : nothing}
            ${excludes.map((pattern) => html`<li>${pattern}</li>`)}
            ${
              excludes.length === 0 &&
              !options.exclude_caches &&
              !options.one_file_system
                ? html`<li class="word text-2">Nothing</li>`
                : nothing
            }
          </ul>
        </div>
      </div>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-source-list": RmSourceList;
  }
}
