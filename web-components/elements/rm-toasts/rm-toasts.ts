import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { base } from "../../styles/base.ts";
import { icon } from "../icon.ts";

interface Toast {
  readonly text: string;
  readonly tone: "ok" | "bad";
}

const shownMs = 5000;

/** What happened in passing, said to eyes and screen readers. */
@customElement("rm-toasts")
export class RmToasts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: fixed;
        inset: auto 24px 24px auto;
        z-index: 60;
        pointer-events: none;
      }
      section {
        display: grid;
        justify-items: end;
        gap: 8px;
      }
      .toast {
        display: flex;
        gap: 8px;
        align-items: center;
        max-width: 420px;
        padding: 10px 14px;
        border: 1px solid var(--rm-border-2);
        border-radius: var(--rm-radius-3);
        background: var(--rm-raised);
        box-shadow: var(--rm-shadow-2);
        font-size: var(--rm-size-13);
      }
      @media (max-width: 719px) {
        :host {
          inset: auto 14px 76px;
        }
        section {
          justify-items: center;
        }
      }
    `,
  ];

  @state() accessor toasts: readonly Toast[] = [];

  override render() {
    return html`<section role="status">
      ${this.toasts.map(
        ({ text, tone }) =>
          html`<div class="toast">
            <span class=${tone}
              >${icon(tone === "ok" ? "circle-check" : "warning")}</span
            >${text}
          </div>`,
      )}
    </section>`;
  }

  show(toast: Toast): void {
    this.toasts = [...this.toasts, toast];
    setTimeout(() => {
      this.toasts = this.toasts.filter((other) => other !== toast);
    }, shownMs);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-toasts": RmToasts;
  }
}
