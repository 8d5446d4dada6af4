import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import type {
  DiffPage,
  SnapshotIndex,
} from "@restic-manager/shared/api/trees.ts";
import type { TreeEntry } from "@restic-manager/shared/domain/tree.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { errorWords } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { createIndexWatch, type IndexWatch } from "../data/snapshot-index.ts";
import { Watch } from "../data/watch.ts";
import {
  diffAddress,
  diffStart,
  type DiffStart,
} from "../elements/diff-address.ts";
import { selectField } from "../elements/field.ts";
import { bytes, count, plural, time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";
import { restoreAddress } from "../elements/restore-address.ts";
import { diffRows } from "../elements/rm-diff/diff-rows.ts";
import type { OlderVersion } from "../elements/rm-diff/rm-diff.ts";
import { busy } from "../elements/status.ts";
import { pathText } from "../elements/tree-path.ts";
import type { DiffEvent } from "../events/diff.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { base } from "../styles/base.ts";
import { form } from "../styles/form.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb, type Step } from "./breadcrumb.ts";
import { DiffFolders } from "./diff-folders.ts";
import { rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { diffPageStyles } from "./rm-page-diff.styles.ts";
import "../elements/rm-diff/rm-diff.ts";

type Side = "a" | "b";
const sides: readonly Side[] = ["a", "b"];

/** `/diff`: what changed from one snapshot to another. */
@customElement("rm-page-diff")
export class RmPageDiff extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    form,
    placeholderStyles,
    diffPageStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  readonly #snapshots = new Watch<Loadable<readonly Snapshot[]>>(this);
  readonly #indexes = {
    a: new Watch<Loadable<SnapshotIndex>>(this),
    b: new Watch<Loadable<SnapshotIndex>>(this),
  };
  readonly #watches = new Map<string, IndexWatch>();
  readonly #folders = new DiffFolders(this);
  #hostId = "";

  override willUpdate(): void {
    const start = this.#start;
    if (start === null || !this.data.session.can("restore.browse")) return;
    if (start.hostId !== "" && start.hostId !== this.#hostId) {
      this.#hostId = start.hostId;
      this.#snapshots.watch(this.data.restores.snapshots(start.hostId));
    }
    for (const side of sides)
      this.#indexes[side].watch(this.#watchOf(start, start[side]));
    if (sides.every((side) => this.#isReady(side)))
      this.#folders.show(this.data.trees, start, () => {
        for (const side of sides) this.#watchOf(start, start[side]).again();
      });
    else this.#folders.forget();
  }

  override render() {
    const start = this.#start;
    return html`${breadcrumb(this.#way(start), "What changed")}
      <div class="header">
        <h1 tabindex="-1">What changed</h1>
        <span class="spring"></span>
        ${start === null ? nothing : this.#download(start)}
      </div>
      ${this.#body(start)}`;
  }

  #body(start: Required<DiffStart> | null): TemplateResult {
    if (!this.data.session.can("restore.browse"))
      return card(
        "You cannot look into snapshots",
        "Ask an administrator: it takes the role operator or administrator.",
      );
    if (start === null)
      return card(
        "Choose two snapshots",
        "On the page of a host, in its list of snapshots, choose two and compare them.",
      );
    return html`${this.#sides(start)}${this.#scope(start)}${this.#content(start)}`;
  }

  #sides(start: Required<DiffStart>): TemplateResult {
    return html`<div class="card sides">
      ${this.#side(start, "a", "From")}
      <button
        class="button square"
        aria-label="Swap the two snapshots"
        title="Swap"
        @click=${() => this.#go({ ...start, a: start.b, b: start.a })}
      >
        ${icon("swap", 14)}
      </button>
      ${this.#side(start, "b", "To")}
    </div>`;
  }

  #side(start: Required<DiffStart>, side: Side, label: string): TemplateResult {
    const known = this.#known(start);
    const chosen = start[side];
    const options = known.map(
      (snapshot) => [snapshot.id, optionText(snapshot)] as const,
    );
    return selectField({
      id: side,
      label,
      options: { [chosen]: chosen.slice(0, 8), ...Object.fromEntries(options) },
      value: chosen,
      onInput: (id) => this.#go({ ...start, [side]: id }),
    });
  }

  #scope(start: Required<DiffStart>): TemplateResult | typeof nothing {
    if (start.path === "/") return nothing;
    return html`<p class="facts">
      <span>Only in <span class="mono">${pathText(start.path)}</span></span>
      <a class="link" href=${diffAddress({ ...start, path: "/" })}
        >Show everything</a
      >
    </p>`;
  }

  #content(start: Required<DiffStart>): TemplateResult {
    if (start.a === start.b)
      return card(
        "Twice the same snapshot",
        "Choose another one to compare it with.",
      );
    const waiting = sides.filter((side) => !this.#isReady(side));
    if (waiting.length > 0) return this.#waiting(start, waiting);
    const folder = this.#folders.folders.get(start.path) ?? "loading";
    if (folder === "loading") return rowsSkeleton(6);
    if ("problem" in folder)
      return html`<div class="notice bad">
        ${icon("warning")}<span>${folder.problem}</span
        ><button
          class="button s"
          @click=${() => void this.#folders.ask(start.path)}
        >
          Try again
        </button>
      </div>`;
    return folder.entries.length === 0
      ? card(
          "Nothing changed",
          "Every file, folder and permission is the same in both.",
        )
      : html`${summary(folder)}${this.#list(start)}`;
  }

  #list(start: Required<DiffStart>): TemplateResult {
    return html`<section class="card list" aria-label="Changes">
      <rm-diff
        label="What changed, by folder"
        .rows=${diffRows(this.#folders, start.path)}
        .older=${(path: string, before: TreeEntry) => this.#older(start, path, before)}
        @rm-diff=${(event: DiffEvent) => this.#onDiff(event)}
      ></rm-diff>
    </section>`;
  }

  #waiting(
    start: Required<DiffStart>,
    waiting: readonly Side[],
  ): TemplateResult {
    const known = waiting.filter(
      (side) => (this.#indexes[side].value?.state ?? "loading") !== "loading",
    );
    return known.length === 0
      ? rowsSkeleton(6)
      : html`${known.map((side) => this.#indexing(start, side))}`;
  }

  /** How far what is in a snapshot is known, as long as it is not. */
  #indexing(start: Required<DiffStart>, side: Side): TemplateResult {
    const id = start[side];
    const index = this.#indexes[side].value;
    const again = () => this.#watchOf(start, id).again();
    if (index?.state === "failed")
      return problem(id, errorWords(index.error), again);
    if (index?.state === "ready" && index.value.state !== "indexing")
      return problem(id, index.value.message ?? "It could not be read.", again);
    const trees = index?.state === "ready" ? index.value.trees : 0;
    return html`<div class="notice run" role="status">
      ${busy()}<span
        >Reading what is in
        <span class="mono">${id.slice(0, 8)}</span>
        ${trees === 0 ? nothing : html`, ${plural(trees, "folder")} so far`}. An
        agent lists it from the repository; this page goes on by itself.</span
      >
    </div>`;
  }

  #download(start: Required<DiffStart>): TemplateResult | typeof nothing {
    if (!sides.every((side) => this.#isReady(side)) || start.a === start.b)
      return nothing;
    return html`<a
      class="button"
      download
      href=${this.data.trees.diffHref(start, start.path)}
      >${icon("download", 14)}Download all changes</a
    >`;
  }

  #older(
    start: Required<DiffStart>,
    path: string,
    { t: type }: TreeEntry,
  ): OlderVersion {
    const { session, restores } = this.data;
    const of = { repositoryId: start.repositoryId, snapshotId: start.a };
    return {
      restore:
        session.can("restore.run") && start.hostId !== ""
          ? restoreAddress({ ...of, hostId: start.hostId, paths: [path] })
          : null,
      // A link or a device cannot be downloaded by itself.
      download:
        session.can("restore.download") && (type === "dir" || type === "file")
          ? restores.downloadHref(of, [path], type === "dir" ? "tar" : "raw")
          : null,
    };
  }

  #onDiff({ action, path }: DiffEvent): void {
    switch (action) {
      case "open":
        return this.#folders.expand(path);
      case "close":
        return this.#folders.collapse(path);
      case "more":
        return this.#folders.more(path);
      case "again":
        void this.#folders.ask(path);
    }
  }

  #go(start: DiffStart): void {
    this.dispatchEvent(
      new NavigateEvent(diffAddress(start), { replace: true }),
    );
  }

  #way(start: Required<DiffStart> | null): Step[] {
    const way: Step[] = [["/", "Fleet"]];
    if (start !== null && start.hostId !== "")
      way.push([`/hosts/${start.hostId}?tab=snapshots`, "Snapshots"]);
    return way;
  }

  /** Snapshots of the host that are in the same repository. */
  #known({ repositoryId }: DiffStart): readonly Snapshot[] {
    const snapshots = this.#snapshots.value;
    return snapshots?.state === "ready"
      ? snapshots.value.filter(
          ({ repository_id }) => repository_id === repositoryId,
        )
      : [];
  }

  #watchOf({ repositoryId }: DiffStart, snapshotId: string): IndexWatch {
    const key = `${repositoryId} ${snapshotId}`;
    const watch =
      this.#watches.get(key) ??
      createIndexWatch(this.data.restores, { repositoryId, snapshotId });
    this.#watches.set(key, watch);
    return watch;
  }

  #isReady(side: Side): boolean {
    const index = this.#indexes[side].value;
    return index?.state === "ready" && index.value.state === "ready";
  }

  get #start(): Required<DiffStart> | null {
    return diffStart(this.url);
  }
}

function optionText({ time: taken, short_id, hostname, own }: Snapshot) {
  const other = own ? "" : `, ${plainText(hostname)}`;
  return `${time(Date.parse(taken), "dayTime")} · ${short_id}${other}`;
}

function summary({ sum, complete }: DiffPage): TemplateResult {
  const fact = (label: string, number: number, size: string) =>
    html`<div>
      <dt>${label}</dt>
      <dd class="num">
        ${count(number)}
        <small>files and folders${size === "" ? "" : `, ${size}`}</small>
      </dd>
    </div>`;
  const size = (value: number, sign: string) =>
    value === 0 ? "" : `${sign}${bytes(value)}`;
  return html`<dl class="card sums">
      ${fact("Added", sum.added, size(sum.bytes_added, "+"))}
      ${fact("Removed", sum.removed, size(sum.bytes_removed, "−"))}
      ${fact("Changed", sum.changed, "")}
    </dl>
    ${
      complete
        ? nothing
        : html`<p class="small text-2">
            Counting took too long: it is at least so much. The download has
            every change.
          </p>`
    }`;
}

function problem(id: string, text: string, again: () => void): TemplateResult {
  return html`<div class="notice bad">
    ${icon("warning")}<span
      >What is in <span class="mono">${id.slice(0, 8)}</span> is not known:
      ${plainText(text)}</span
    ><button class="button s" @click=${again}>Try again</button>
  </div>`;
}

function card(heading: string, text: string): TemplateResult {
  return html`<div class="card nothing">
    <h2>${heading}</h2>
    <p>${text}</p>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-diff": RmPageDiff;
  }
}
