import type { PendingHost } from "@restic-manager/shared/api/hosts.ts";
import { html, nothing, type TemplateResult } from "lit";
import { time } from "../format.ts";
import { icon } from "../icon.ts";

/** What to think of before this machine is let in. */
export function pendingNotices(host: PendingHost): TemplateResult {
  return html`${removed(host)}${collision(host)}`;
}

function removed({
  removed: before,
}: PendingHost): TemplateResult | typeof nothing {
  return before === null
    ? nothing
    : notice(
        `This key belonged to ${before.name}, which was removed on ${time(Date.parse(before.at), "date")}. An agent that is enrolled again makes a new key: this may be a copy of the old one.`,
      );
}

function collision(host: PendingHost): TemplateResult | typeof nothing {
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
