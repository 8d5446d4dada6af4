import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { Snapshot } from "@restic-manager/shared/api/repos.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import type { SnapshotRef } from "../data/restores.ts";
import { time } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import {
  restoreBody,
  type RestoreDraft,
  restoreFaults,
  targetErrors,
} from "../elements/restore-draft.ts";
import { sumOf, toggled } from "../elements/tree-selection.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { RestoreDraftEvent } from "../events/restore-draft.ts";
import type { TreeEvent } from "../events/tree.ts";
import { base } from "../styles/base.ts";
import { editor } from "../styles/editor.ts";
import { form } from "../styles/form.ts";
import { page } from "../styles/page.ts";
import { parts } from "../styles/parts.ts";
import { breadcrumb } from "./breadcrumb.ts";
import { Checking } from "./checking.ts";
import { nothingHere } from "./nothing-here.ts";
import { loadFailed, rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import {
  type Choices,
  downloadFault,
  downloadFormat,
  isReady,
  stepOf,
} from "./restore-choices.ts";
import { RestoreData } from "./restore-data.ts";
import { filesStep } from "./restore-files.ts";
import { restoreFoot } from "./restore-foot.ts";
import { hostChoice } from "./restore-host.ts";
import { reviewStep } from "./restore-review.ts";
import {
  parseRestore,
  restoreHref,
  type RestoreState,
  type RestoreStep,
  restoreSteps,
} from "./restore-state.ts";
import { stepsHeader, stepWords } from "./restore-steps.ts";
import { targetStep } from "./restore-target.ts";
import { restoreStyles } from "./rm-page-restore.styles.ts";
import { Saving } from "./saving.ts";
import { SnapshotTree } from "./snapshot-tree.ts";
import "../elements/rm-tree/rm-tree.ts";
import "./rm-restore-snapshot.ts";

/** `/restore?host&repository&snapshot&path…`: from a snapshot back to files, step by step. */
@customElement("rm-page-restore")
export class RmPageRestore extends LitElement {
  static override styles = [
    base,
    page,
    parts,
    form,
    editor,
    placeholderStyles,
    restoreStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor url!: URL;
  /** What a person has said; the address follows it. */
  @state() accessor state!: RestoreState;
  @state() accessor errors: Readonly<Record<string, string>> = {};
  /** Why the last choice in the tree was not taken. */
  @state() accessor refused = "";
  @state() accessor typed = "";
  readonly #of = new RestoreData(this);
  readonly #tree = new SnapshotTree(this);
  readonly #checking = new Checking(this);
  readonly #saving = new Saving(this);
  #learnt = "";
  #typedFor = "";
  #shownStep: RestoreStep | null = null;
  #findLater: ReturnType<typeof setTimeout> | undefined;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("url")) this.#read(parseRestore(this.url));
    if (!this.data.session.can("restore.browse")) return;
    this.#of.open(this.data, this.state.hostId);
    const choices = this.#choices;
    if (choices !== null && !(choices instanceof ApiError))
      this.#follow(choices);
  }

  override render() {
    if (!this.data.session.can("restore.browse"))
      return html`<div class="header"><h1 tabindex="-1">Restore</h1></div>
        ${nothingHere("Your role may not look into snapshots.", "/")}`;
    const choices = this.#choices;
    if (choices instanceof ApiError)
      return loadFailed("Restore", choices, () => {
        this.#of.retry();
        this.requestUpdate();
      });
    const name = choices?.host.name;
    return html`${breadcrumb(
        name === undefined
          ? [["/", "Fleet"]]
          : [
              ["/", "Fleet"],
              [`/hosts/${this.state.hostId}?tab=snapshots`, name],
            ],
        "Restore",
      )}
      <div class="header">
        <h1 tabindex="-1">
          ${name === undefined ? "Restore" : `Restore from ${name}`}
        </h1>
        <span class="spring"></span>
        ${
          choices === null
            ? nothing
            : stepsHeader(
                stepOf(this.state, choices),
                (step) => isReady(step, this.state.selection, choices),
                (step) => this.#go(step),
              )
        }
      </div>
      ${this.#body(choices)}`;
  }

  #body(choices: Choices | null): TemplateResult {
    const { hosts } = this.#of;
    if (this.state.hostId === "" && hosts !== null) return hostChoice(hosts);
    if (choices === null) return rowsSkeleton(6);
    if (choices.snapshots.length === 0)
      return nothingHere(
        "There is no snapshot of this host yet.",
        `/hosts/${choices.host.id}`,
      );
    const step = stepOf(this.state, choices);
    return html`<section
        class="step"
        tabindex="-1"
        aria-label="Step ${restoreSteps.indexOf(step) + 1} of 4: ${stepWords[step]}"
      >
        ${
          choices.snapshot === undefined
            ? html`<div class="notice warn" role="alert">
                ${icon("warning")}<span
                  >The snapshot of this address is not here any more; it may
                  have been forgotten. Choose another one.</span
                >
              </div>`
            : nothing
        }
        ${step === "snapshot" ? this.#snapshotStep(choices) : nothing}
        <div ?hidden=${step !== "files"}>
          ${step === "snapshot" ? nothing : this.#filesStep()}
        </div>
        ${step === "target" ? targetStep(choices, this.state.selection, this.#tree, this.errors, (event) => this.#draft(event)) : nothing}
        ${step === "review" ? this.#reviewStep(choices) : nothing}
      </section>
      ${this.#foot(choices, step)}`;
  }

  override updated(): void {
    const choices = this.#choices;
    if (choices === null || choices instanceof ApiError) return;
    const step = stepOf(this.state, choices);
    if (this.#shownStep !== null && this.#shownStep !== step) {
      this.renderRoot.querySelector<HTMLElement>(".step")?.focus();
      this.closest("main")?.scrollTo(0, 0);
    }
    this.#shownStep = step;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#findLater);
  }

  #snapshotStep({ snapshots, snapshot }: Choices): TemplateResult {
    return html`<rm-restore-snapshot
      .snapshots=${snapshots}
      chosen=${snapshot?.id ?? ""}
      .choose=${({ id, repository_id }: Snapshot) =>
        this.#change({ snapshotId: id, repositoryId: repository_id })}
    ></rm-restore-snapshot>`;
  }

  #filesStep(): TemplateResult {
    return filesStep({
      tree: this.#tree,
      selection: this.state.selection,
      leftOut: this.state.leftOut,
      sum: this.#sum,
      refused: this.refused,
      onTree: (event) => void this.#onTree(event),
      onFind: (text) => this.#find(text.trim()),
      onToggle: (path) => this.#toggle(path),
    });
  }

  #reviewStep(choices: Choices): TemplateResult {
    const { snapshot, draft, target, confirms } = choices;
    return reviewStep({
      draft,
      host: target,
      snapshot: `${time(Date.parse(snapshot?.time ?? ""), "dayTime")}, ${snapshot?.short_id}`,
      selection: this.state.selection,
      sum: this.#sum,
      checking: this.#checking,
      onCheck: () => {
        this.#checking.forget();
        void this.#check(choices);
      },
      confirms,
      typed: this.typed,
      onType: (typed) => {
        this.typed = typed;
      },
      problem: this.#saving.problem,
      downloadProblem: this.#downloadFault(choices),
    });
  }

  #foot(choices: Choices, step: RestoreStep): TemplateResult {
    return restoreFoot({
      choices,
      step,
      sum: this.state.selection.size === 0 ? null : this.#sum,
      checking: this.#checking,
      working: this.#saving.working,
      typed: this.typed,
      href: this.#downloadFault(choices) === null ? this.#href(choices) : null,
      isReady: (of) => isReady(of, this.state.selection, choices),
      onBack: (to) => this.#go(to),
      onNext: (to) => {
        this.errors = to === "review" ? restoreFaults(choices.draft) : {};
        if (Object.keys(this.errors).length === 0) this.#go(to);
      },
      onStart: () => void this.#start(choices),
    });
  }

  /** Another host or snapshot in the address is another restore; otherwise the address only says the step. */
  #read(asked: RestoreState): void {
    const known = this.state as RestoreState | undefined;
    const isSame =
      known?.hostId === asked.hostId && known.snapshotId === asked.snapshotId;
    this.state = isSame ? { ...known, step: asked.step } : asked;
  }

  #change(change: Partial<RestoreState>, { replace = true } = {}): void {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new NavigateEvent(restoreHref(this.state), { replace }));
  }

  #go(step: RestoreStep): void {
    this.#saving.problem = null;
    const choices = this.#choices;
    const snapshot =
      choices instanceof ApiError ? undefined : choices?.snapshot;
    this.#change(
      {
        step,
        snapshotId: snapshot?.id ?? this.state.snapshotId,
        repositoryId: snapshot?.repository_id ?? this.state.repositoryId,
      },
      { replace: false },
    );
  }

  /** Fetches what the step needs. */
  #follow(choices: Choices): void {
    const step = stepOf(this.state, choices);
    const { snapshot } = choices;
    if (snapshot === undefined || step === "snapshot") return;
    this.#tree.show(this.data.restores, this.#ref(snapshot));
    if (this.#tree.index?.state === "ready" && this.#learnt !== snapshot.id) {
      this.#learnt = snapshot.id;
      void this.#tree.learn(this.state.selection);
    }
    if (step === "review" && choices.draft.mode !== "download")
      void this.#check(choices);
  }

  async #check(choices: Choices): Promise<void> {
    const of = this.#ref(choices.snapshot!);
    const body = this.#asked(choices);
    const asked = JSON.stringify([of, body]);
    // The name was typed for what was asked then.
    if (asked !== this.#typedFor) this.typed = "";
    this.#typedFor = asked;
    await this.#checking.run(asked, () => this.data.restores.check(of, body));
    this.#showFields(this.#checking.problem?.fields);
  }

  async #start(choices: Choices): Promise<void> {
    const { snapshot, confirms } = choices;
    const body = {
      ...this.#asked(choices),
      ...(confirms ? { confirm: this.typed.trim() } : {}),
    };
    let job: Job | undefined;
    await this.#saving.run(async () => {
      job = await this.data.restores.start(this.#ref(snapshot!), body);
    });
    if (job === undefined) this.#showFields(this.#saving.problem?.fields);
    else this.dispatchEvent(new NavigateEvent(`/jobs/${job.id}`));
  }

  /** Goes back to the field that was refused. */
  #showFields(fields: Readonly<Record<string, string>> = {}): void {
    const errors = targetErrors(fields);
    if (Object.keys(errors).length === 0 || this.state.step !== "review")
      return;
    this.errors = errors;
    this.#change({ step: "target" });
  }

  #draft({ change }: RestoreDraftEvent): void {
    const draft = { ...this.state.draft, ...change } as RestoreDraft;
    this.errors = Object.fromEntries(
      Object.entries(this.errors).filter(([field]) => !(field in change)),
    );
    // The address takes what is typed at the next step.
    if ("path" in change) this.state = { ...this.state, draft };
    else this.#change({ draft });
  }

  async #onTree({ action, path }: TreeEvent): Promise<void> {
    if (action === "toggle") return this.#toggle(path);
    if (action === "close") return this.#tree.collapse(path);
    if (action === "more") return this.#tree.more(path);
    if (this.#tree.found === null) return this.#tree.expand(path);
    this.#find("");
    await this.#tree.reveal(path);
    await this.#tree.expand(path);
    await this.updateComplete;
    this.renderRoot.querySelector("rm-tree")?.show(path);
  }

  #toggle(path: string): void {
    const next = toggled(this.state.selection, path, (folder) =>
      this.#tree.namesIn(folder),
    );
    this.refused = typeof next === "string" ? next : "";
    if (typeof next === "string") return;
    const draft = { ...this.state.draft, strip: "" };
    this.#change({ selection: next, draft });
  }

  #find(text: string): void {
    clearTimeout(this.#findLater);
    if (text === "") void this.#tree.find("");
    else this.#findLater = setTimeout(() => void this.#tree.find(text), 250);
  }

  get #choices(): Choices | ApiError | null {
    return this.#of.choices(this.data, this.state);
  }

  get #sum() {
    return sumOf(this.state.selection, (path) => this.#tree.entryAt(path));
  }

  #asked({ draft, host }: Choices) {
    return restoreBody(draft, host.id, [...this.state.selection]);
  }

  #ref({ id, repository_id }: Snapshot): SnapshotRef {
    return { snapshotId: id, repositoryId: repository_id };
  }

  #downloadFault(choices: Choices): string | null {
    const href = this.#href(choices);
    return downloadFault(this.state.selection, this.#tree, href, choices);
  }

  /** Empty while there is no snapshot. */
  #href({ snapshot, draft }: Choices): string {
    const { selection } = this.state;
    if (snapshot === undefined) return "";
    return this.data.restores.downloadHref(
      this.#ref(snapshot),
      [...selection],
      downloadFormat(selection, this.#tree, draft),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-page-restore": RmPageRestore;
  }
}
