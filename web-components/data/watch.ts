import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { ReadableAtom } from "nanostores";

/** Re-renders its element when the store changes. A page that comes to show another thing watches another store. */
export class Watch<T> implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #store: ReadableAtom<T> | undefined;
  #stop: (() => void) | undefined;
  #connected = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Undefined until a store is watched. */
  get value(): T | undefined {
    return this.#store?.get();
  }

  watch(store: ReadableAtom<T>): void {
    if (store === this.#store) return;
    this.#stop?.();
    this.#store = store;
    if (this.#connected) this.#listen(store);
  }

  forget(): void {
    this.#stop?.();
    this.#store = undefined;
  }

  hostConnected(): void {
    this.#connected = true;
    if (this.#store !== undefined) this.#listen(this.#store);
  }

  hostDisconnected(): void {
    this.#connected = false;
    this.#stop?.();
  }

  #listen(store: ReadableAtom<T>): void {
    this.#stop = store.listen(() => this.#host.requestUpdate());
  }
}
