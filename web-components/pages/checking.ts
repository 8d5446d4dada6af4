import type { RestoreCheck } from "@restic-manager/shared/api/restores.ts";
import type { ReactiveControllerHost } from "lit";
import { ApiError } from "../data/api-error.ts";

/** What a host finds for what is asked at the moment; an answer to what was asked before is nothing. */
export class Checking {
  readonly #page: ReactiveControllerHost;
  #asked = "";
  running = false;
  result: RestoreCheck | null = null;
  problem: ApiError | null = null;

  constructor(page: ReactiveControllerHost) {
    this.#page = page;
  }

  /** Asks once for the same `key`. */
  async run(key: string, ask: () => Promise<RestoreCheck>): Promise<void> {
    if (key === this.#asked) return;
    this.#asked = key;
    this.#show(true, null, null);
    try {
      const result = await ask();
      if (key === this.#asked) this.#show(false, result, null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (key === this.#asked) this.#show(false, null, error);
    }
  }

  /** The next `run` asks again. */
  forget(): void {
    this.#asked = "";
    this.#show(false, null, null);
  }

  #show(
    running: boolean,
    result: RestoreCheck | null,
    problem: ApiError | null,
  ): void {
    Object.assign(this, { running, result, problem });
    this.#page.requestUpdate();
  }
}
