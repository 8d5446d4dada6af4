import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Repository, Snapshot } from "@restic-manager/shared/api/repos.ts";
import type { ReactiveControllerHost } from "lit";
import type { ApiError } from "../data/api-error.ts";
import type { Data } from "../data/data.ts";
import type { Loadable } from "../data/resource.ts";
import { Watch } from "../data/watch.ts";
import { type Choices, choicesOf } from "./restore-choices.ts";
import type { RestoreState } from "./restore-state.ts";

/** The hosts, and the snapshots and repositories of the one whose files are wanted. */
export class RestoreData {
  readonly #hosts: Watch<Loadable<readonly HostRow[]>>;
  readonly #snapshots: Watch<Loadable<readonly Snapshot[]>>;
  readonly #repositories: Watch<Loadable<readonly Repository[]>>;
  #hostId = "";

  constructor(page: ReactiveControllerHost) {
    this.#hosts = new Watch(page);
    this.#snapshots = new Watch(page);
    this.#repositories = new Watch(page);
  }

  /** `hostId`: empty while none is chosen. */
  open({ hosts, restores, repos }: Data, hostId: string): void {
    this.#hosts.watch(hosts.list);
    if (hostId === this.#hostId) return;
    this.#hostId = hostId;
    this.#snapshots.watch(restores.snapshots(hostId));
    this.#repositories.watch(repos.ofHost(hostId));
  }

  retry(): void {
    this.#hostId = "";
  }

  get hosts(): readonly HostRow[] | null {
    const hosts = this.#hosts.value;
    return hosts?.state === "ready" ? hosts.value : null;
  }

  /** An error when it cannot be shown, null while it is not there. */
  choices({ session }: Data, state: RestoreState): Choices | ApiError | null {
    const hosts = this.#hosts.value;
    const snapshots = this.#snapshots.value;
    const repositories = this.#repositories.value;
    for (const part of [hosts, snapshots, repositories])
      if (part?.state === "failed") return part.error;
    return hosts?.state === "ready" &&
      snapshots?.state === "ready" &&
      repositories?.state === "ready"
      ? choicesOf(
          state,
          hosts.value,
          snapshots.value,
          repositories.value,
          (permission) => session.can(permission),
        )
      : null;
  }
}
