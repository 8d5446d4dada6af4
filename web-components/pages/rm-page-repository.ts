import type { AlertList } from "@restic-manager/shared/api/alerts.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { repositoryPill } from "../elements/repository-words.ts";
import { base } from "../styles/base.ts";
import { page } from "../styles/page.ts";
import { alertStrip } from "./alert-strip.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { repositoryProblem } from "./repository-problems.ts";
import "./rm-repository-view.ts";

/** `/repositories/:id`: one repository, whoever uses it. */
@customElement("rm-page-repository")
export class RmPageRepository extends LitElement {
  static override styles = [
    base,
    page,
    placeholderStyles,
    css`
      .notice {
        margin-bottom: 12px;
      }
    `,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor repositoryId = "";
  #resource!: Resource<Repository>;
  readonly #repository = new Watch<Loadable<Repository>>(this);
  readonly #alerts = new Watch<Loadable<AlertList>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data") || changed.has("repositoryId")) {
      this.#resource = this.data.repos.detail(this.repositoryId);
      this.#repository.watch(this.#resource);
      this.#alerts.watch(
        this.data.alerts.list({
          repository_id: this.repositoryId,
          state: "unresolved",
        }),
      );
    }
    const repository = this.#repository.value;
    if (repository?.state === "ready")
      document.title = `Repository ${repository.value.name} · restic-manager`;
  }

  override render() {
    const repository = this.#repository.value;
    if (repository?.state === "failed")
      return loadFailed(
        "Repository",
        repository.error,
        () => void this.#resource.reload(),
      );
    if (repository?.state !== "ready")
      return html`<div class="header">
          <h1 tabindex="-1">Repository</h1>
        </div>
        ${rowsSkeleton(6)}`;
    const { value } = repository;
    return html`${breadcrumb([["/", "Fleet"]], `Repository ${value.name}`)}
      <div class="header">
        <h1 tabindex="-1">Repository ${value.name}${repositoryPill(value)}</h1>
      </div>
      <p class="facts"><span class="mono">${value.url}</span></p>
      ${this.#alertStrip()}${repositoryProblem(value, "The repository")}
      <rm-repository-view
        .data=${this.data}
        .repository=${value}
        .reload=${() => this.#resource.reload()}
      ></rm-repository-view>`;
  }

  #alertStrip() {
    const alerts = this.#alerts.value;
    return alertStrip(
      `/alerts?repository=${this.repositoryId}`,
      alerts?.state === "ready" ? alerts.value : null,
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-repository": RmPageRepository;
  }
}
