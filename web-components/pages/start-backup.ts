import type { Data } from "../data/data.ts";
import { NavigateEvent } from "../events/navigate.ts";
import { ToastEvent } from "../events/toast.ts";
import { problemOf } from "./problem.ts";

/** Starts a backup and opens its job, or says why it did not start. */
export async function startBackup(
  page: EventTarget,
  data: Data,
  hostId: string,
): Promise<void> {
  try {
    const job = await data.jobs.runBackup(hostId);
    page.dispatchEvent(new NavigateEvent(`/jobs/${job.id}`));
  } catch (error) {
    page.dispatchEvent(new ToastEvent(problemOf(error).message, "bad"));
  }
}
