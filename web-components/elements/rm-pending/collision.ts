import type { PendingHost } from "@restic-manager/shared/api/hosts.ts";
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../icon.ts";

/** What to think of when another machine has the same name. */
export function collisionNotice(
  host: PendingHost,
): TemplateResult | typeof nothing {
  switch (host.collision) {
    case "none":
      return nothing;
    case "host":
      return notice(
        `A host named ${host.hostname} is already enrolled with a different key. Reject this one unless you are replacing that machine.`,
      );
    case "pending":
      return notice(
        `Another waiting host is named ${host.hostname} too. Only the fingerprint tells them apart; accepting one leaves the other waiting.`,
      );
  }
}

function notice(text: string): TemplateResult {
  return html`<div class="notice warn">
    ${icon("warning")}<span>${text}</span>
  </div>`;
}
