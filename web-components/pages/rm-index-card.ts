import type { RepositoryIndex } from "@restic-manager/shared/api/trees.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { errorWords } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { bytes, count, plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { toast } from "../events/toast.ts";
import { base } from "../styles/base.ts";
import { parts } from "../styles/parts.ts";

/** How much the server keeps of what is in a repository's snapshots, and the way to throw it away. */
@customElement("rm-index-card")
export class RmIndexCard extends LitElement {
  static override styles = [
    base,
    parts,
    css`
      .pairs {
        margin-top: 10px;
      }
    `,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property() accessor repositoryId = "";
  @state() accessor asking = false;
  #resource!: Resource<RepositoryIndex>;
  readonly #size = new Watch<Loadable<RepositoryIndex>>(this);

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("data") && !changed.has("repositoryId")) return;
    this.#resource = this.data.trees.size(this.repositoryId);
    this.#size.watch(this.#resource);
  }

  override render() {
    const size = this.#size.value;
    return html`<section class="card section" aria-labelledby="index">
      <div class="section-head">
        <h2 id="index">Index of files</h2>
        <span class="spring"></span>
        ${this.#button(size)}
      </div>
      <p class="small text-2">
        The server keeps the names and sizes of what is in the snapshots, so
        that you browse, find and compare without waiting for the repository. No
        file’s content is in it.
      </p>
      ${this.#facts(size)}${this.#dialog()}
    </section>`;
  }

  #facts(
    size: Loadable<RepositoryIndex> | undefined,
  ): TemplateResult | typeof nothing {
    if (size?.state === "failed")
      return html`<p class="small bad-text">${errorWords(size.error)}</p>`;
    if (size?.state !== "ready") return nothing;
    const { snapshots_indexed, trees, bytes: kept } = size.value;
    return html`<dl class="pairs num">
      <dt>Snapshots</dt>
      <dd>${count(snapshots_indexed)}</dd>
      <dt>Folders</dt>
      <dd>${count(trees)}</dd>
      <dt>Room on the server</dt>
      <dd>${bytes(kept)}</dd>
    </dl>`;
  }

  #button(
    size: Loadable<RepositoryIndex> | undefined,
  ): TemplateResult | typeof nothing {
    const isEmpty = size?.state !== "ready" || size.value.trees === 0;
    if (isEmpty || !this.data.session.can("maintenance.edit")) return nothing;
    return html`<button class="button s" @click=${() => this.#ask()}>
      ${icon("trash", 13)}Delete index
    </button>`;
  }

  #dialog(): TemplateResult | typeof nothing {
    if (!this.asking) return nothing;
    return html`<rm-delete-dialog
      heading="Delete the index of files?"
      label="Delete index"
      .run=${() => this.#delete()}
      @close=${() => {
        this.asking = false;
      }}
    >
      <p>
        No backup is lost: every snapshot stays in the repository. What is in a
        snapshot is read from the repository again when somebody opens it, and
        after the next backup of each host.
      </p>
    </rm-delete-dialog>`;
  }

  async #ask(): Promise<void> {
    await import("./rm-delete-dialog.ts");
    this.asking = true;
  }

  async #delete(): Promise<void> {
    const before = this.#size.value;
    this.#resource.replace(await this.data.trees.throwAway(this.repositoryId));
    const number =
      before?.state === "ready" ? before.value.snapshots_indexed : 0;
    toast(`The index of ${plural(number, "snapshot")} is deleted`);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-index-card": RmIndexCard;
  }
}
