import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";
import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { FormProblem } from "../elements/field.ts";
import type { SourceEvent } from "../events/source.ts";
import { ToastEvent } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { problemOf } from "./problem.ts";
import "../elements/rm-source/rm-source.ts";

/** One source group of a host, and what became of the last change to it. */
@customElement("rm-host-source")
export class RmHostSource extends LitElement {
  static override styles = [
    base,
    css`
      rm-source {
        margin-bottom: 16px;
      }
    `,
  ];

  @property({ attribute: false }) accessor group!: SourceGroup;
  @property({ type: Boolean }) accessor edits = false;
  @property({ attribute: false }) accessor save!: (
    spec: SourceGroupSpec,
  ) => Promise<void>;
  @state() accessor working = false;
  @state() accessor saves = 0;
  @state() accessor problem: FormProblem | null = null;

  override render() {
    return html`<rm-source
      .group=${this.group}
      .edits=${this.edits}
      .working=${this.working}
      .saves=${this.saves}
      .problem=${this.problem}
      @rm-source=${(event: SourceEvent) => this.#save(event)}
    ></rm-source>`;
  }

  async #save({ spec }: SourceEvent): Promise<void> {
    this.working = true;
    this.problem = null;
    try {
      await this.save(spec);
      this.saves += 1;
      this.dispatchEvent(
        new ToastEvent("Saved; the agent uses it from its next backup on"),
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
    "rm-host-source": RmHostSource;
  }
}
