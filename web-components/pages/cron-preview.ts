import type { ReactiveControllerHost } from "lit";
import { ApiError, errorWords } from "../data/api-error.ts";
import type { SchedulesStore } from "../data/schedules.ts";
import type { CronAnswer } from "../elements/rm-schedule-form/rm-schedule-form.ts";

/** What the server says about times while they are chosen: one question at a time, and the newest is the next. */
export class CronPreview {
  readonly #page: ReactiveControllerHost;
  #answer: CronAnswer | null = null;
  #waiting: string | null = null;
  #asking = false;

  constructor(page: ReactiveControllerHost) {
    this.#page = page;
  }

  get answer(): CronAnswer | null {
    return this.#answer;
  }

  async ask(
    schedules: SchedulesStore,
    hostId: string,
    cron: string,
  ): Promise<void> {
    this.#waiting = cron;
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (;;) {
        const next = this.#waiting;
        if (next === null) return;
        this.#waiting = null;
        this.#answer = await answerTo(schedules, hostId, next);
        this.#page.requestUpdate();
      }
    } finally {
      this.#asking = false;
    }
  }
}

async function answerTo(
  schedules: SchedulesStore,
  hostId: string,
  cron: string,
): Promise<CronAnswer> {
  try {
    return {
      cron,
      preview: await schedules.preview(hostId, cron),
      fault: null,
      refusal: null,
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const fault = error.fields["cron"] ?? null;
    // A server that cannot be asked has nothing against these times.
    const refusal = fault === null ? errorWords(error) : null;
    return { cron, preview: null, fault, refusal };
  }
}
