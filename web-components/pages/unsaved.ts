import {
  html,
  type LitElement,
  nothing,
  type ReactiveController,
  type TemplateResult,
} from "lit";
import { dialogActions } from "../elements/dialog-actions.ts";
import { LeaveEvent } from "../events/leave.ts";
import { NavigateEvent } from "../events/navigate.ts";
import "../elements/rm-dialog/rm-dialog.ts";

/**
 * Asks before a page, or what is on show of it, is left with something unsaved: with a dialog inside the dashboard, by the
 * browser otherwise. Where several have something unsaved, one of them asks for all.
 */
export class Unsaved implements ReactiveController {
  readonly #page: LitElement;
  readonly #isChanged: () => boolean;
  /** Where somebody wants to go. */
  #wanted: string | null = null;
  static #leaving = false;

  constructor(page: LitElement, isChanged: () => boolean) {
    this.#page = page;
    this.#isChanged = isChanged;
    page.addController(this);
  }

  hostConnected(): void {
    addEventListener("beforeunload", this.#hold);
    addEventListener("rm-leave", this.#hold);
  }

  hostDisconnected(): void {
    removeEventListener("beforeunload", this.#hold);
    removeEventListener("rm-leave", this.#hold);
  }

  /** Goes there without a question. */
  leave(href: string): void {
    Unsaved.#leaving = true;
    this.#page.dispatchEvent(new NavigateEvent(href));
    Unsaved.#leaving = false;
  }

  question(): TemplateResult | typeof nothing {
    const wanted = this.#wanted;
    if (wanted === null) return nothing;
    return html`<rm-dialog
      heading="Leave without saving?"
      @close=${() => this.#ask(null)}
    >
      <p>What you changed on this page is not saved. Leaving drops it.</p>
      ${dialogActions({
        cancel: "Stay",
        label: "Leave",
        tone: "danger",
        onCancel: () => this.#ask(null),
        onConfirm: () => {
          this.#ask(null);
          this.leave(wanted);
        },
      })}
    </rm-dialog>`;
  }

  #ask(wanted: string | null): void {
    this.#wanted = wanted;
    this.#page.requestUpdate();
  }

  readonly #hold = (event: Event): void => {
    if (Unsaved.#leaving || event.defaultPrevented || !this.#isChanged())
      return;
    event.preventDefault();
    if (event instanceof LeaveEvent) this.#ask(event.href);
  };
}
