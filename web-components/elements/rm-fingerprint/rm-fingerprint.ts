import {
  fingerprintGroups,
  parseFingerprint,
} from "@restic-manager/shared/identity/fingerprint.ts";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { CompareEvent } from "../../events/compare.ts";
import { base } from "../../styles/base.ts";
import { icon } from "../icon.ts";
import { fingerprintStyles } from "./rm-fingerprint.styles.ts";
import "../rm-copy/rm-copy.ts";

/**
 * A fingerprint in 16 groups of four, and a field to paste the one from the host's own terminal. Groups that agree turn
 * green, others red.
 */
@customElement("rm-fingerprint")
export class RmFingerprint extends LitElement {
  static override styles = [base, fingerprintStyles];

  /** `SHA256:` and 64 hex digits. */
  @property() accessor value = "";
  @property() accessor hostname = "";
  @property() accessor typed = "";

  override render() {
    const groups = this.#groups;
    return html`<div class="layout">
      <div
        class="code"
        role="group"
        aria-label="Fingerprint SHA256 ${groups.join(" ")}"
      >
        ${groups.map((group, index) => html`<span aria-hidden="true" class=${this.#verdict(group, index)}>${group}</span>`)}
      </div>
      <div class="tools">
        <input
          class="input"
          aria-label="Fingerprint from the terminal of ${this.hostname}, to compare"
          placeholder="Paste from terminal"
          spellcheck="false"
          autocomplete="off"
          autocapitalize="off"
          .value=${this.typed}
          @input=${(event: InputEvent) => this.#compare((event.target as HTMLInputElement).value)}
        />
        <rm-copy
          label="Copy the fingerprint of ${this.hostname}"
          title="To check it on the host: restic-manager-agent verify, then this fingerprint"
          .value=${this.value}
        ></rm-copy>
        <span role="status">${this.#status()}</span>
      </div>
    </div>`;
  }

  #status(): TemplateResult | typeof nothing {
    const match = this.#match(this.typed);
    if (match === null) return nothing;
    return match
      ? html`<span class="pill ok">${icon("check", 13)}Match</span>`
      : html`<span class="pill bad"
          >${icon("x", 13)}Different, do not accept</span
        >`;
  }

  #compare(typed: string): void {
    this.typed = typed;
    this.dispatchEvent(new CompareEvent(typed, this.#match(typed)));
  }

  #match(typed: string): boolean | null {
    const whole = parseFingerprint(typed);
    if (whole !== null) return whole === this.value;
    // More digits than a fingerprint has, or other signs: certainly another one.
    return this.#digits(typed).length >= 64 ? false : null;
  }

  #verdict(group: string, index: number): "" | "hit" | "miss" {
    const part = this.#digits(this.typed).slice(index * 4, index * 4 + 4);
    if (part === "") return "";
    return group.startsWith(part) ? "hit" : "miss";
  }

  #digits(typed: string): string {
    return typed
      .replace(/^\s*sha256:/i, "")
      .replaceAll(/[\s:-]/g, "")
      .toLowerCase();
  }

  get #groups(): string[] {
    const fingerprint = parseFingerprint(this.value);
    return fingerprint === null ? [] : fingerprintGroups(fingerprint);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "rm-fingerprint": RmFingerprint;
  }
}
