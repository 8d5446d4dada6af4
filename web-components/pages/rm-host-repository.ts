import type {
  Repository,
  RepositoryPatch,
} from "@restic-manager/shared/api/repos.ts";
import { html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { FormProblem } from "../elements/field.ts";
import type { RepositoryEvent } from "../events/repository.ts";
import { ToastEvent } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { problemOf } from "./problem.ts";
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
  @state() accessor working = false;
  @state() accessor saves = 0;
  @state() accessor problem: FormProblem | null = null;

  override render() {
    return html`<rm-repository
      .repository=${this.repository}
      .edits=${this.edits}
      .working=${this.working}
      .saves=${this.saves}
      .problem=${this.problem}
      @rm-repository=${(event: RepositoryEvent) => this.#save(event)}
    ></rm-repository>`;
  }

  async #save({ patch }: RepositoryEvent): Promise<void> {
    this.working = true;
    this.problem = null;
    try {
      await this.save(patch);
      this.saves += 1;
      this.dispatchEvent(
        new ToastEvent(
          "Credentials replaced; the agent uses them from its next job on",
        ),
      );
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.working = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-repository": RmHostRepository;
  }
}
