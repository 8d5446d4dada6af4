import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { JobList } from "@restic-manager/shared/api/jobs.ts";
import type { Maintenance } from "@restic-manager/shared/api/maintenance.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import type { Permission } from "@restic-manager/shared/domain/role.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Data } from "../data/data.ts";
import type { JobsResource } from "../data/jobs.ts";
import type { UpkeepAction } from "../data/maintenance.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import type { RmAdminAccess } from "../elements/rm-admin-access/rm-admin-access.ts";
import type { RmUpkeep } from "../elements/rm-upkeep/rm-upkeep.ts";
import { Ticking } from "../elements/ticking.ts";
import { adminCannotDelete, startRefusal } from "../elements/upkeep-words.ts";
import type { AdminCredentialEvent } from "../events/admin-credential.ts";
import { NavigateEvent } from "../events/navigate.ts";
import type { RepositoryEvent } from "../events/repository.ts";
import { toast } from "../events/toast.ts";
import type { MaintenanceEvent, UpkeepEvent } from "../events/upkeep.ts";
import { base } from "../styles/base.ts";
import { columns } from "../styles/columns.ts";
import { parts } from "../styles/parts.ts";
import { vitals } from "../styles/vitals.ts";
import { rowsSkeleton } from "./placeholders.ts";
import { placeholderStyles } from "./placeholders.styles.ts";
import { toastRefusal } from "./problem.ts";
import { repositoryNotices } from "./repository-notices.ts";
import { repositoryVitals } from "./repository-vitals.ts";
import type { ConfirmedAction } from "./rm-confirm-upkeep.ts";
import { repositoryViewStyles } from "./rm-repository-view.styles.ts";
import { Saving } from "./saving.ts";
import "../elements/rm-admin-access/rm-admin-access.ts";
import "../elements/rm-job-list/rm-job-list.ts";
import "../elements/rm-locks/rm-locks.ts";
import "../elements/rm-repository/rm-repository.ts";
import "../elements/rm-upkeep/rm-upkeep.ts";
import "./rm-index-card.ts";

const shownJobs = 6;

/** Who may start what. */
const permissions: Readonly<Record<UpkeepAction, Permission>> = {
  forget: "repo.forget",
  prune: "repo.prune",
  check: "jobs.run",
  unlock: "jobs.run",
  "unlock-all": "repo.prune",
  reinit: "repo.reinit",
};

/** A repository: how it stands, what happens to it by itself, and who may reach it. */
@customElement("rm-repository-view")
export class RmRepositoryView extends LitElement {
  static override styles = [
    base,
    parts,
    vitals,
    placeholderStyles,
    columns,
    repositoryViewStyles,
  ];

  @property({ attribute: false }) accessor data!: Data;
  @property({ attribute: false }) accessor repository!: Repository;
  /** Fetches the repository again. */
  @property({ attribute: false }) accessor reload!: () => Promise<void>;
  @state() accessor confirming: ConfirmedAction | null = null;
  @state() accessor starting = false;
  /** Whether it is asked if the admin credential is to go. */
  @state() accessor dropping = false;
  @query("rm-admin-access") accessor adminAccess!: RmAdminAccess | null;
  @query("rm-upkeep") accessor upkeep!: RmUpkeep | null;
  #resource!: Resource<Maintenance>;
  readonly #maintenance = new Watch<Loadable<Maintenance>>(this);
  #jobsResource!: JobsResource;
  readonly #jobs = new Watch<Loadable<JobList>>(this);
  readonly #hosts = new Watch<Loadable<readonly HostRow[]>>(this);
  readonly #access = new Saving(this);
  readonly #admin = new Saving(this);
  readonly #settings = new Saving(this);
  readonly #clock = new Ticking(this);
  #shownId = "";

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("data")) this.#hosts.watch(this.data.hosts.list);
    const { id } = this.repository;
    if (id === this.#shownId && !changed.has("data")) return;
    this.#shownId = id;
    this.#resource = this.data.maintenance.of(id);
    this.#maintenance.watch(this.#resource);
    this.#jobsResource = this.data.jobs.list({ repository_id: id });
    this.#jobs.watch(this.#jobsResource);
  }

  override render() {
    const { repository } = this;
    return html`<div class="notices">
        ${repositoryNotices(repository, this.#remedy())}
      </div>
      ${repositoryVitals(repository, this.#clock.now)}
      <div
        class="columns"
        @rm-upkeep=${(event: UpkeepEvent) => this.#ask(event.action)}
      >
        <div class="column">${this.#upkeepCard()}${this.#jobsCard()}</div>
        <div class="column">
          ${this.#locksCard()}${this.#adminCard()}${this.#accessCard()}
          ${this.#hostsCard()}
          <rm-index-card
            .data=${this.data}
            repositoryId=${this.repository.id}
          ></rm-index-card>
          ${this.#dangerCard()}
        </div>
      </div>
      ${this.#dialog()}${this.#dropDialog()}`;
  }

  #upkeepCard(): TemplateResult {
    const maintenance = this.#loaded;
    if (maintenance === null) return rowsSkeleton(3);
    return html`<rm-upkeep
      .repository=${this.repository}
      .maintenance=${maintenance}
      .edits=${this.data.session.can("maintenance.edit")}
      .starts=${this.#starts}
      .working=${this.#settings.working || this.starting}
      .problem=${this.#settings.problem}
      .saves=${this.#settings.saves}
      @close=${() => this.#settings.reset()}
      @rm-maintenance=${(event: MaintenanceEvent) => this.#saveSettings(event)}
    ></rm-upkeep>`;
  }

  #jobsCard(): TemplateResult | typeof nothing {
    const jobs = this.#jobs.value;
    if (jobs?.state !== "ready" || jobs.value.jobs.length === 0) return nothing;
    return html`<section class="card section" aria-label="Jobs">
      <div class="section-head">
        <h2>Jobs on this repository</h2>
        <span class="spring"></span>
        <a class="link small" href="/jobs?repository=${this.repository.id}"
          >All</a
        >
      </div>
      <rm-job-list
        .jobs=${jobs.value.jobs.slice(0, shownJobs)}
        hosts
        narrow
      ></rm-job-list>
    </section>`;
  }

  #locksCard(): TemplateResult {
    const { stats } = this.repository;
    const maintenance = this.#loaded;
    return html`<rm-locks
      .locks=${stats.locks}
      .seenAt=${stats.updated_at}
      .starts=${this.#starts}
      .refusal=${maintenance === null ? "" : startRefusal("unlock", this.repository, maintenance)}
      .working=${this.starting}
    ></rm-locks>`;
  }

  #adminCard(): TemplateResult {
    return html`<rm-admin-access
      .repository=${this.repository}
      .edits=${this.data.session.can("credentials.admin.edit")}
      .working=${this.#admin.working}
      .problem=${this.#admin.problem}
      .saves=${this.#admin.saves}
      @close=${() => this.#admin.reset()}
      @rm-admin-credential=${(event: AdminCredentialEvent) => this.#saveAdmin(event)}
    ></rm-admin-access>`;
  }

  #accessCard(): TemplateResult {
    return html`<rm-repository
      .repository=${this.repository}
      .edits=${this.data.session.can("credentials.repo.edit")}
      .working=${this.#access.working}
      .problem=${this.#access.problem}
      .saves=${this.#access.saves}
      @close=${() => this.#access.reset()}
      @rm-repository=${(event: RepositoryEvent) => this.#saveAccess(event)}
    ></rm-repository>`;
  }

  #hostsCard(): TemplateResult | typeof nothing {
    const hosts = this.#hosts.value;
    if (hosts?.state !== "ready") return nothing;
    const users = hosts.value.filter(({ id }) =>
      this.repository.host_ids.includes(id),
    );
    return html`<section class="card section" aria-label="Hosts">
      <div class="section-head"><h2>Used by</h2></div>
      ${
        users.length === 0
          ? html`<p class="small text-2">No host.</p>`
          : html`<ul class="users">
              ${users.map(({ id, name }) => html`<li><a class="link" href="/hosts/${id}">${name}</a></li>`)}
            </ul>`
      }
    </section>`;
  }

  #dangerCard(): TemplateResult | typeof nothing {
    if (!this.#starts.has("reinit")) return nothing;
    return html`<section class="card section danger" aria-label="Danger zone">
      <div class="section-head"><h2>Danger zone</h2></div>
      <p class="small text-2">
        If the storage was lost, make a new, empty repository at the same
        address. One that is still there is never touched.
      </p>
      <button
        class="button s danger"
        ?disabled=${this.starting}
        @click=${() => this.#confirm("reinit")}
      >
        Re-initialise
      </button>
    </section>`;
  }

  /** What a person can do at once so that retention is enforced. */
  #remedy(): TemplateResult | typeof nothing {
    const { session } = this.data;
    const button = (label: string, act: () => void) =>
      html`<button class="button s" @click=${act}>${label}</button>`;
    const { reason } = this.repository.retention;
    const last = this.#loaded?.upkeep.find(
      ({ kind }) => kind === "forget",
    )?.last;
    const needsOther = adminCannotDelete(this.repository);
    if (
      (needsOther || reason === "admin_credential_missing") &&
      session.can("credentials.admin.edit")
    )
      return button(
        needsOther ? "Set another access" : "Set admin credential",
        () => this.#open(this.adminAccess),
      );
    if (reason === "forget_off" && session.can("maintenance.edit"))
      return button("Change upkeep", () => this.#open(this.upkeep));
    return reason === "forget_failing" && last != null
      ? html`<a class="button s" href="/jobs/${last.job_id}">Open its log</a>`
      : nothing;
  }

  #open(part: RmAdminAccess | RmUpkeep | null): void {
    part?.edit();
    part?.scrollIntoView({ block: "nearest" });
  }

  #dialog(): TemplateResult | typeof nothing {
    const action = this.confirming;
    if (action === null) return nothing;
    return html`<rm-confirm-upkeep
      .action=${action}
      .name=${this.repository.name}
      .subset=${this.#loaded?.settings.check_subset_pct ?? 0}
      .start=${(body: object) => this.#start(action, body)}
      @close=${() => {
        this.confirming = null;
      }}
    ></rm-confirm-upkeep>`;
  }

  #dropDialog(): TemplateResult | typeof nothing {
    if (!this.dropping) return nothing;
    return html`<rm-delete-dialog
      heading="Delete the admin credential?"
      label="Delete admin credential"
      .run=${() => this.#dropAdmin()}
      @close=${() => {
        this.dropping = false;
      }}
    >
      <p>
        Forget and prune stop until there is another one, also those that wait
        for their turn: every snapshot stays, whatever the policies say. The
        server keeps no copy; its secrets have to be typed again.
      </p>
    </rm-delete-dialog>`;
  }

  #ask(action: UpkeepEvent["action"]): void {
    void (action === "unlock" ? this.#unlock() : this.#confirm(action));
  }

  async #confirm(action: ConfirmedAction): Promise<void> {
    await import("./rm-confirm-upkeep.ts");
    this.confirming = action;
  }

  async #unlock(): Promise<void> {
    this.starting = true;
    try {
      await this.#start("unlock", {});
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.starting = false;
    }
  }

  async #start(action: UpkeepAction, body: object): Promise<void> {
    const { id } = this.repository;
    const job = await this.data.maintenance.start(id, action, body);
    this.confirming = null;
    this.dispatchEvent(new NavigateEvent(`/jobs/${job.id}`));
  }

  #saveSettings({ settings }: MaintenanceEvent): void {
    void this.#settings.run(async () => {
      this.#resource.replace(
        await this.data.maintenance.save(this.repository.id, settings),
      );
      await this.reload();
    }, "Upkeep is changed");
  }

  #saveAdmin({ spec }: AdminCredentialEvent): void {
    if (spec === null) {
      void this.#askDrop();
      return;
    }
    void this.#admin.run(async () => {
      await this.data.repos.setAdmin(this.repository.id, spec);
      await Promise.all([this.reload(), this.#resource.reload()]);
    }, "The admin credential is set; the next forget uses it");
  }

  async #askDrop(): Promise<void> {
    await import("./rm-delete-dialog.ts");
    this.dropping = true;
  }

  async #dropAdmin(): Promise<void> {
    await this.data.repos.dropAdmin(this.repository.id);
    await Promise.all([this.reload(), this.#resource.reload()]);
    this.adminAccess?.close();
    toast("The admin credential is deleted");
  }

  #saveAccess({ patch }: RepositoryEvent): void {
    void this.#access.run(async () => {
      await this.data.repos.patch(this.repository.id, patch);
      await this.reload();
    }, "Credentials replaced; the agent uses them from its next job on");
  }

  get #starts(): ReadonlySet<UpkeepAction> {
    const actions = Object.keys(permissions) as UpkeepAction[];
    return new Set(
      actions.filter((action) => this.data.session.can(permissions[action])),
    );
  }

  get #loaded(): Maintenance | null {
    const maintenance = this.#maintenance.value;
    return maintenance?.state === "ready" ? maintenance.value : null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-repository-view": RmRepositoryView;
  }
}
