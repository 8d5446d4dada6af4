import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import type { IconName } from "../icon-shapes.ts";
import { icon } from "../icon.ts";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly run: () => void;
}

/** A menu button (APG): the trigger's content is slotted, the items open in a popover. */
@customElement("rm-menu")
export class RmMenu extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: relative;
      }
      .trigger {
        all: unset;
        box-sizing: border-box;
        display: block;
        width: 100%;
        cursor: pointer;
        border-radius: var(--rm-radius-2);
      }
      .trigger:focus-visible {
        outline: 2px solid var(--rm-focus);
      }
      [popover] {
        margin: 0;
        inset: auto;
        position: fixed;
        min-width: 200px;
        padding: 5px;
        border: 1px solid var(--rm-border-2);
        border-radius: var(--rm-radius-3);
        background: var(--rm-raised);
        color: var(--rm-text);
        box-shadow: var(--rm-shadow-2);
      }
      .item {
        appearance: none;
        border: 0;
        background: none;
        color: inherit;
        font: 400 var(--rm-size-13) / 1 var(--rm-sans);
        display: flex;
        gap: 9px;
        align-items: center;
        width: 100%;
        height: var(--rm-control-m);
        padding: 0 9px;
        border-radius: var(--rm-radius-2);
        cursor: pointer;
        text-align: left;
      }
      .item:hover,
      .item:focus-visible {
        background: var(--rm-active);
        outline: none;
      }
      .item .icon {
        color: var(--rm-text-2);
      }
    `,
  ];

  @property() accessor label = "";
  @property({ attribute: false }) accessor items: readonly MenuItem[] = [];
  @query(".trigger") accessor trigger!: HTMLButtonElement;
  @query("[popover]") accessor popoverElement!: HTMLElement;

  override render() {
    return html`<button
        class="trigger"
        aria-haspopup="menu"
        aria-expanded="false"
        popovertarget="items"
      >
        <slot></slot>
      </button>
      <div
        popover
        id="items"
        role="menu"
        aria-label=${this.label}
        @toggle=${(event: ToggleEvent) => this.#toggled(event.newState === "open")}
        @keydown=${(event: KeyboardEvent) => this.#moveFocus(event)}
      >
        ${this.items.map(
          (item) =>
            html`<button
              class="item"
              role="menuitem"
              tabindex="-1"
              @click=${() => this.#run(item)}
            >
              ${icon(item.icon, 15)}${item.label}
            </button>`,
        )}${nothing}
      </div>`;
  }

  #run(item: MenuItem): void {
    this.popoverElement.hidePopover();
    item.run();
  }

  #toggled(open: boolean): void {
    this.trigger.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const anchor = this.trigger.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.popoverElement;
    const below = anchor.bottom + offsetHeight + 8 <= innerHeight;
    style.left = `${Math.max(8, Math.min(innerWidth - offsetWidth - 8, anchor.left))}px`;
    style.top = `${below ? anchor.bottom + 6 : anchor.top - offsetHeight - 6}px`;
    this.#buttons[0]?.focus();
  }

  #moveFocus(event: KeyboardEvent): void {
    const buttons = this.#buttons;
    const at = buttons.findIndex((button) => button.matches(":focus"));
    const targets: Record<string, number> = {
      ArrowDown: (at + 1) % buttons.length,
      ArrowUp: (at - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    buttons[target]?.focus();
  }

  get #buttons(): HTMLButtonElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLButtonElement>(".item")];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-menu": RmMenu;
  }
}
