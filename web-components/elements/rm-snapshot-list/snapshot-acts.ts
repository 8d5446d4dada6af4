import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { html, nothing, type TemplateResult } from "lit";
import type { IconName } from "../icon-shapes.ts";
import { icon } from "../icon.ts";
import { restoreAddress } from "../restore-address.ts";
import { compareAddress } from "../snapshot-order.ts";

/** What a person may do with the snapshots of a host. */
export interface SnapshotActs {
  readonly hostId: string;
  readonly browses: boolean;
  readonly restores: boolean;
  /** Where all of a snapshot is downloaded from; null when this user may not. */
  readonly download: ((snapshot: Snapshot) => string) | null;
}

/** The links of one snapshot. `before` is the one that was taken before it, if there is one. */
export function snapshotActs(
  { hostId, browses, restores, download }: SnapshotActs,
  snapshot: Snapshot,
  before: Snapshot | null,
): TemplateResult {
  const start = {
    hostId,
    repositoryId: snapshot.repository_id,
    snapshotId: snapshot.id,
  };
  const changed =
    before === null ? null : compareAddress(hostId, before, snapshot);
  const of = `of ${snapshot.short_id}`;
  return html`${
    browses
      ? link(
          restoreAddress({ ...start, files: true }),
          "folder",
          "Browse",
          `Browse the files ${of}`,
        )
      : nothing
  }${
    browses && changed !== null
      ? link(
          changed,
          "diff",
          "What changed since the one before",
          `What changed from ${before?.short_id ?? ""} to ${snapshot.short_id}`,
        )
      : nothing
  }${
    download === null
      ? nothing
      : link(
          download(snapshot),
          "download",
          "Download everything as a tar file",
          `Download everything ${of} as a tar file`,
          true,
        )
  }${
    restores
      ? html`<a
          class="button s"
          href=${restoreAddress(start)}
          aria-label="Restore from ${snapshot.short_id}"
          >${icon("history", 14)}<span class="medium">Restore…</span></a
        >`
      : nothing
  }`;
}

function link(
  href: string,
  shape: IconName,
  title: string,
  label: string,
  download = false,
): TemplateResult {
  return html`<a
    class="button square s ghost medium"
    href=${href}
    ?download=${download}
    title=${title}
    aria-label=${label}
    >${icon(shape, 15)}</a
  >`;
}

/** What becomes of those that are chosen: the two are compared, or what is missing is said. */
export function compareBar(
  hostId: string,
  [one, other]: readonly Snapshot[],
  onClear: () => void,
): TemplateResult | typeof nothing {
  if (one === undefined) return nothing;
  const href = other === undefined ? null : compareAddress(hostId, one, other);
  const said =
    other === undefined
      ? `${one.short_id} is chosen. Choose the one to compare it with.`
      : href === null
        ? "Snapshots of two repositories cannot be compared."
        : `${one.short_id} and ${other.short_id} are chosen.`;
  return html`<div class="compare">
    <span role="status">${said}</span>
    <span class="spring"></span>
    <button class="button s" @click=${onClear}>Clear</button>
    ${href === null ? nothing : html`<a class="button s primary" href=${href}>${icon("diff", 14)}Compare</a>`}
  </div>`;
}
