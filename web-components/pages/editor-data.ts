import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type {
  Repository,
  SourceGroup,
} from "@restic-manager/shared/api/repos.ts";
import type { Schedule } from "@restic-manager/shared/api/schedules.ts";
import type { ReactiveControllerHost } from "lit";
import type { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import type { Loadable, Resource } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import type { HostParts } from "./host-tab.ts";

export type Edited = Omit<HostParts, "data" | "reload">;

/** What the editors of a host's sources and schedules need of it. */
export class EditorData {
  readonly #host: Watch<Loadable<HostDetail>>;
  readonly #groups: Watch<Loadable<readonly SourceGroup[]>>;
  readonly #schedules: Watch<Loadable<readonly Schedule[]>>;
  readonly #repositories: Watch<Loadable<readonly Repository[]>>;
  #edited: readonly Pick<Resource<unknown>, "reload">[] = [];

  constructor(page: ReactiveControllerHost) {
    this.#host = new Watch(page);
    this.#groups = new Watch(page);
    this.#schedules = new Watch(page);
    this.#repositories = new Watch(page);
  }

  open(data: Data, hostId: string): void {
    const groups = data.sources.ofHost(hostId);
    const schedules = data.schedules.ofHost(hostId);
    this.#edited = [groups, schedules];
    this.#host.watch(data.hosts.detail(hostId));
    this.#groups.watch(groups);
    this.#schedules.watch(schedules);
    this.#repositories.watch(data.repos.ofHost(hostId));
  }

  /** Fetches groups and schedules again. */
  async reload(): Promise<void> {
    await Promise.all(this.#edited.map((resource) => resource.reload()));
  }

  /** An error when it cannot be shown, null while it is not there. */
  get value(): Edited | ApiError | null {
    const host = this.#host.value;
    const groups = this.#groups.value;
    const schedules = this.#schedules.value;
    const repositories = this.#repositories.value;
    for (const part of [host, groups, schedules, repositories])
      if (part?.state === "failed") return part.error;
    return host?.state === "ready" &&
      groups?.state === "ready" &&
      schedules?.state === "ready" &&
      repositories?.state === "ready"
      ? {
          host: host.value,
          groups: groups.value,
          schedules: schedules.value,
          repositories: repositories.value,
        }
      : null;
  }
}
