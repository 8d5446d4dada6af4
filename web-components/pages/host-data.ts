import type { AlertList } from "@restic-manager/shared/api/alerts.ts";
import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { JobList } from "@restic-manager/shared/api/jobs.ts";
import type {
  Repository,
  SnapshotList,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type { ReactiveControllerHost } from "lit";
import type { AlertsResource } from "../data/alerts.ts";
import type { Data } from "../data/data.ts";
import type { JobsResource } from "../data/jobs.ts";
import type { SnapshotsResource } from "../data/repos.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";

/** Everything the host page shows, of the host it shows at the moment. */
export class HostData {
  snapshotsResource!: SnapshotsResource;
  jobsResource!: JobsResource;
  restoresResource!: JobsResource;
  schedulesResource!: Resource<readonly Schedule[]>;
  repositoriesResource!: Resource<readonly Repository[]>;
  alertsResource!: AlertsResource;
  sourcesResource!: Resource<readonly SourceGroup[]>;
  #hostResource!: Resource<HostDetail>;
  readonly #host: Watch<Loadable<HostDetail>>;
  readonly #snapshots: Watch<Loadable<SnapshotList>>;
  readonly #jobs: Watch<Loadable<JobList>>;
  readonly #restores: Watch<Loadable<JobList>>;
  readonly #sources: Watch<Loadable<readonly SourceGroup[]>>;
  readonly #schedules: Watch<Loadable<readonly Schedule[]>>;
  readonly #repositories: Watch<Loadable<readonly Repository[]>>;
  readonly #alerts: Watch<Loadable<AlertList>>;

  constructor(page: ReactiveControllerHost) {
    this.#host = new Watch(page);
    this.#snapshots = new Watch(page);
    this.#jobs = new Watch(page);
    this.#restores = new Watch(page);
    this.#sources = new Watch(page);
    this.#schedules = new Watch(page);
    this.#repositories = new Watch(page);
    this.#alerts = new Watch(page);
  }

  open(
    { hosts, jobs, repos, sources, schedules, alerts }: Data,
    hostId: string,
  ): void {
    this.#hostResource = hosts.detail(hostId);
    this.sourcesResource = sources.ofHost(hostId);
    this.snapshotsResource = repos.snapshots(hostId);
    this.jobsResource = jobs.list({ host_id: hostId, kind: "backup" });
    this.restoresResource = jobs.list({ host_id: hostId, kind: "restore" });
    this.schedulesResource = schedules.ofHost(hostId);
    this.repositoriesResource = repos.ofHost(hostId);
    this.alertsResource = alerts.list({
      host_id: hostId,
      state: "unresolved",
    });
    this.#host.watch(this.#hostResource);
    for (const part of this.#parts) part.forget();
  }

  /** Once the host is known to exist: asks for what belongs to it. */
  openParts(): void {
    this.#snapshots.watch(this.snapshotsResource);
    this.#jobs.watch(this.jobsResource);
    this.#restores.watch(this.restoresResource);
    this.#sources.watch(this.sourcesResource);
    this.#schedules.watch(this.schedulesResource);
    this.#repositories.watch(this.repositoriesResource);
    this.#alerts.watch(this.alertsResource);
  }

  reload(): void {
    void this.#hostResource.reload();
    if (this.host?.state !== "ready") return;
    void this.sourcesResource.reload();
    void this.snapshotsResource.reload();
    void this.jobsResource.reload();
    void this.restoresResource.reload();
    void this.schedulesResource.reload();
    void this.repositoriesResource.reload();
    void this.alertsResource.reload();
  }

  /** Puts in what an answer to a change has just said. */
  replaceHost(host: HostDetail): void {
    this.#hostResource.replace(host);
  }

  get #parts(): readonly { forget(): void }[] {
    return [
      this.#snapshots,
      this.#jobs,
      this.#restores,
      this.#sources,
      this.#schedules,
      this.#repositories,
      this.#alerts,
    ];
  }

  get host(): Loadable<HostDetail> | undefined {
    return this.#host.value;
  }

  /** Null while not there. */
  get snapshots(): SnapshotList | null {
    return loaded(this.#snapshots.value);
  }

  get jobs(): JobList | null {
    return loaded(this.#jobs.value);
  }

  /** Those that went to this host, newest first. */
  get restores(): JobList | null {
    return loaded(this.#restores.value);
  }

  get sources(): readonly SourceGroup[] | null {
    return loaded(this.#sources.value);
  }

  get schedules(): readonly Schedule[] | null {
    return loaded(this.#schedules.value);
  }

  /** Those that are not resolved. */
  get alerts(): AlertList | null {
    return loaded(this.#alerts.value);
  }

  get repositories(): readonly Repository[] | null {
    return loaded(this.#repositories.value);
  }
}

function loaded<T>(loadable: Loadable<T> | undefined): T | null {
  return loadable?.state === "ready" ? loadable.value : null;
}
