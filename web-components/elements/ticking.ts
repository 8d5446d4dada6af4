import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Re-renders its element every `ms`, so that relative times stay true while nothing else happens. */
export class Ticking implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #ms: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: ReactiveControllerHost, ms = 30_000) {
    this.#host = host;
    this.#ms = ms;
    host.addController(this);
  }

  /** Milliseconds since the epoch; the only clock of the elements. */
  get now(): number {
    return Date.now();
  }

  hostConnected(): void {
    this.#timer = setInterval(() => this.#host.requestUpdate(), this.#ms);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
  }
}
