import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base } from "../../styles/base.ts";
import { table } from "../../styles/table.ts";
import { bytes, count, relativeTime, time } from "../format.ts";
import { Ticking } from "../ticking.ts";
import { plainText } from "../plain-text.ts";
import "../rm-copy/rm-copy.ts";

/** Snapshots, newest first. */
@customElement("rm-snapshot-list")
export class RmSnapshotList extends LitElement {
  static override styles = [
    base,
    table,
    css`
      .id {
        display: inline-flex;
        gap: 2px;
        align-items: center;
      }
      rm-copy {
        margin: -6px 0;
      }
      .tags {
        display: inline-flex;
        gap: 4px;
      }
    `,
  ];

  @property({ attribute: false }) accessor snapshots: readonly Snapshot[] = [];
  readonly #clock = new Ticking(this);

  override render() {
    return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Taken</th>
            <th>ID</th>
            <th class="medium">Paths</th>
            <th class="wide">Tags</th>
            <th class="right">Size</th>
            <th class="right medium">Files</th>
          </tr>
        </thead>
        <tbody>
          ${repeat(
            this.snapshots,
            (snapshot) => `${snapshot.repository_id} ${snapshot.id}`,
            (snapshot) => this.#row(snapshot),
          )}
        </tbody>
      </table>
    </div>`;
  }

  #row(snapshot: Snapshot): TemplateResult {
    const at = Date.parse(snapshot.time);
    const paths = plainText(snapshot.paths.join("  "));
    return html`<tr>
      <td class="num" title=${time(at, "full")}>
        ${time(at, "dayTime")}
        <span class="text-3 wide">${relativeTime(at, this.#clock.now)}</span>
      </td>
      <td>
        <span class="id mono text-2" title=${snapshot.id}
          >${snapshot.short_id}<rm-copy
            compact
            label="Copy the full id of ${snapshot.short_id}"
            .value=${snapshot.id}
          ></rm-copy
        ></span>
      </td>
      <td class="medium">
        <div class="truncate mono text-2" title=${paths}>${paths}</div>
      </td>
      <td class="wide">
        <span class="tags">
          ${snapshot.own ? nothing : html`<span class="tag" title="Not made by this host’s agent">${plainText(snapshot.hostname)}</span>`}
          ${snapshot.tags.map((tag) => html`<span class="tag">${plainText(tag)}</span>`)}
        </span>
      </td>
      <td class="right num">
        ${snapshot.size_bytes === null ? "unknown" : bytes(snapshot.size_bytes)}
      </td>
      <td class="right num text-2 medium">
        ${snapshot.file_count === null ? "unknown" : count(snapshot.file_count)}
      </td>
    </tr>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-snapshot-list": RmSnapshotList;
  }
}
