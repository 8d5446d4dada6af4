import type { ReactiveControllerHost } from "lit";
import type { Data } from "../data/data.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { refusalToast } from "./problem.ts";

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

  async run(data: Data, hostId: string): Promise<void> {
    if (this.#hostIds.has(hostId)) return;
    this.#show(new Set([...this.#hostIds, hostId]));
    try {
      const job = await data.jobs.runBackup(hostId);
      const navigation = new NavigateEvent(`/jobs/${job.id}`);
      this.#page.dispatchEvent(navigation);
      await navigation.shown;
    } catch (error) {
      this.#page.dispatchEvent(refusalToast(error));
    } finally {
      this.#show(new Set([...this.#hostIds].filter((id) => id !== hostId)));
    }
  }

  #show(hostIds: ReadonlySet<string>): void {
    this.#hostIds = hostIds;
    this.#page.requestUpdate();
  }
}
