import { html, nothing, type TemplateResult } from "lit";

export interface DialogActions {
  /** What the button that does it says; absent: there is nothing to do but close. */
  readonly label?: string | TemplateResult | undefined;
  readonly cancel?: string;
  readonly tone?: "primary" | "danger";
  /** While it is under way neither button can be used. */
  readonly working?: boolean;
  /** Something has to be said first. */
  readonly blocked?: boolean;
  readonly onCancel: () => void;
  readonly onConfirm: () => void;
}

/** The two buttons of a dialog that asks. */
export function dialogActions({
  label,
  cancel = "Cancel",
  tone = "primary",
  working = false,
  blocked = false,
  onCancel,
  onConfirm,
}: DialogActions): TemplateResult {
  return html`<div slot="actions">
    <button class="button" ?disabled=${working} @click=${onCancel}>
      ${cancel}
    </button>
    ${
      label === undefined
        ? nothing
        : html`<button
            class="button ${tone}"
            ?disabled=${working || blocked}
            @click=${onConfirm}
          >
            ${label}
          </button>`
    }
  </div>`;
}
