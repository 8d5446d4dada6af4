import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { count } from "../format.ts";

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly count?: number | undefined;
}

/** Tabs that are links, so that each has an address. The first is the default and has no query. */
@customElement("rm-tabs")
export class RmTabs extends LitElement {
  static override styles = [
    base,
    css`
      nav {
        display: flex;
        gap: 2px;
        border-bottom: 1px solid var(--rm-border);
        overflow-x: auto;
        scrollbar-width: none;
      }
      /* Fades the tabs that go on beyond the edge; at the end it lies behind the last one. */
      nav::after {
        content: "";
        position: sticky;
        right: 0;
        flex: none;
        width: 40px;
        margin-left: auto;
        background: linear-gradient(to right, transparent, var(--rm-surface));
        pointer-events: none;
      }
      a {
        position: relative;
        display: flex;
        gap: 6px;
        align-items: center;
        padding: 9px 10px 10px;
        font-size: var(--rm-size-13);
        font-weight: 500;
        color: var(--rm-text-2);
        white-space: nowrap;
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      a:hover,
      a[aria-current] {
        color: var(--rm-text);
      }
      a[aria-current]::after {
        content: "";
        position: absolute;
        inset: auto 8px 0;
        height: 2px;
        border-radius: 2px;
        background: var(--rm-accent-text);
      }
    `,
  ];

  @property() accessor label = "Sections";
  /** Path of the page the tabs belong to. */
  @property() accessor path = "";
  @property() accessor active = "";
  @property({ attribute: false }) accessor tabs: readonly Tab[] = [];

  override updated(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("active")) return;
    // On a phone there are more than fit.
    this.renderRoot
      .querySelector("[aria-current]")
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  override render() {
    return html`<nav aria-label=${this.label}>
      ${this.tabs.map(
        (tab, index) =>
          html`<a
            href=${index === 0 ? this.path : `${this.path}?tab=${tab.id}`}
            aria-current=${tab.id === this.active ? "page" : nothing}
            >${tab.label}${tab.count === undefined ? nothing : html`<span class="count">${count(tab.count)}</span>`}</a
          >`,
      )}
    </nav>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-tabs": RmTabs;
  }
}
