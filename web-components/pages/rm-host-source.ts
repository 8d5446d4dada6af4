import type { SourceGroup } from "@restic-manager/shared/api/repos.ts";
import type { SourceGroupSpec } from "@restic-manager/shared/domain/source.ts";
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { SourceEvent } from "../events/source.ts";
import { base } from "../styles/base.ts";
import { Saving } from "./saving.ts";
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
  readonly #saving = new Saving(this);

  override render() {
    return html`<rm-source
      .group=${this.group}
      .edits=${this.edits}
      .working=${this.#saving.working}
      .saves=${this.#saving.saves}
      .problem=${this.#saving.problem}
      @rm-source=${(event: SourceEvent) => this.#save(event)}
    ></rm-source>`;
  }

  #save({ spec }: SourceEvent): void {
    void this.#saving.run(
      () => this.save(spec),
      "Saved; the agent uses it from its next backup on",
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-host-source": RmHostSource;
  }
}
