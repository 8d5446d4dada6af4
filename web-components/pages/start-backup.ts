import type { Job, RunBody } from "@restic-manager/shared/api/jobs.ts";
import type { ReactiveControllerHost } from "lit";
import type { Data } from "../data/data.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { toastRefusal } from "./problem.ts";

/**
 * Starts backups for a page, and opens their jobs or says why they did not start. A host has one start at a time: from
 * the click until its job is on show, so that a second click starts nothing.
 */
export class BackupStart {
  readonly #page: ReactiveControllerHost & EventTarget;
  #hostIds: ReadonlySet<string> = new Set();

  constructor(page: ReactiveControllerHost & EventTarget) {
    this.#page = page;
  }

  /** Hosts with a start under way. */
  get hostIds(): ReadonlySet<string> {
    return this.#hostIds;
  }

  /** Without a group: the host's only one; where there are several, a person is asked which. */
  async run(
    data: Data,
    hostId: string,
    groupId?: string,
    limits?: RunBody["limits"],
  ): Promise<void> {
    if (this.#hostIds.has(hostId)) return;
    this.#show(new Set([...this.#hostIds, hostId]));
    try {
      const only = groupId ?? (await onlyGroup(data, hostId));
      await this.#open(
        only === null
          ? `/hosts/${hostId}?run`
          : jobPage(await data.jobs.runBackup(hostId, only, limits)),
      );
    } catch (error) {
      toastRefusal(error);
    } finally {
      this.#show(new Set([...this.#hostIds].filter((id) => id !== hostId)));
    }
  }

  async #open(href: string): Promise<void> {
    const navigation = new NavigateEvent(href);
    this.#page.dispatchEvent(navigation);
    await navigation.shown;
  }

  #show(hostIds: ReadonlySet<string>): void {
    this.#hostIds = hostIds;
    this.#page.requestUpdate();
  }
}

function jobPage({ id }: Job): string {
  return `/jobs/${id}`;
}

async function onlyGroup(data: Data, hostId: string): Promise<string | null> {
  const groups = await data.sources.list(hostId);
  const [first] = groups;
  return groups.length === 1 && first !== undefined ? first.id : null;
}
