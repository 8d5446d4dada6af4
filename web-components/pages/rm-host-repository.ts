import type {
  Repository,
  RepositoryPatch,
} from "@restic-manager/shared/api/repos.ts";
import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { RepositoryEvent } from "../events/repository.ts";
import { base } from "../styles/base.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-repository/rm-repository.ts";

/** One repository of a host, and what became of the last change to it. */
@customElement("rm-host-repository")
export class RmHostRepository extends LitElement {
  static override styles = base;

  @property({ attribute: false }) accessor repository!: Repository;
  @property({ type: Boolean }) accessor edits = false;
  @property({ attribute: false }) accessor save!: (
    patch: RepositoryPatch,
  ) => Promise<void>;
  readonly #saving = new Saving(this);

  override render() {
    return html`<rm-repository
      .repository=${this.repository}
      .edits=${this.edits}
      .working=${this.#saving.working}
      .saves=${this.#saving.saves}
      .problem=${this.#saving.problem}
      @rm-repository=${(event: RepositoryEvent) => this.#save(event)}
    ></rm-repository>`;
  }

  #save({ patch }: RepositoryEvent): void {
    void this.#saving.run(
      () => this.save(patch),
      "Credentials replaced; the agent uses them from its next job on",
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-repository": RmHostRepository;
  }
}
