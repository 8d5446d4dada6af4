import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Data } from "../data/data.ts";
import { repositoryPill } from "../elements/repository-words.ts";
import { base } from "../styles/base.ts";
import "./rm-repository-view.ts";

/** The repositories of a host, each whole. */
@customElement("rm-host-repositories")
export class RmHostRepositories extends LitElement {
  static override styles = [
    base,
    css`
      h2 {
        display: flex;
        flex-wrap: wrap;
        gap: 6px 11px;
        align-items: center;
        margin-bottom: 12px;
        font-size: var(--rm-size-16);
      }
      rm-repository-view + h2 {
        margin-top: 32px;
      }
    `,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor repositories: readonly Repository[] =
    [];
  @property({ attribute: false }) accessor reload!: () => Promise<void>;

  override render() {
    return html`${repeat(
      this.repositories,
      ({ id }) => id,
      (repository) =>
        html`<h2>
            <a href="/repositories/${repository.id}">${repository.name}</a
            >${repositoryPill(repository)}
          </h2>
          <rm-repository-view
            .data=${this.data}
            .repository=${repository}
            .reload=${this.reload}
          ></rm-repository-view>`,
    )}${this.repositories.length === 0 ? html`<p class="text-2">None yet.</p>` : nothing}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-repositories": RmHostRepositories;
  }
}
