import type { ReactiveControllerHost } from "lit";
import type { FormProblem } from "../elements/field.ts";
import { toast } from "../events/toast.ts";
import { problemOf } from "./problem.ts";

/** One change at a time for an element that shows what becomes of it. */
export class Saving {
  readonly #element: ReactiveControllerHost & EventTarget;
  working = false;
  /** How many changes were saved; a form closes when it grows. */
  saves = 0;
  /** Why the last change was refused. */
  problem: FormProblem | null = null;

  constructor(element: ReactiveControllerHost & EventTarget) {
    this.#element = element;
  }

  /** `said` is what a toast says afterwards. */
  async run(save: () => Promise<unknown>, said = ""): Promise<void> {
    this.#show({ working: true, problem: null });
    try {
      await save();
      this.#show({ saves: this.saves + 1 });
      if (said !== "") toast(said);
    } catch (error) {
      this.#show({ problem: problemOf(error) });
    } finally {
      // Also after a fault of ours: a dialog cannot be closed while it works.
      this.#show({ working: false });
    }
  }

  /** The form was left: it opens without the old refusal. */
  reset(): void {
    this.#show({ problem: null });
  }

  #show(change: Partial<Pick<Saving, "working" | "saves" | "problem">>): void {
    Object.assign(this, change);
    this.#element.requestUpdate();
  }
}
