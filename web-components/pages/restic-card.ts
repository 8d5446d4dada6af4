import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import {
  limitsOf,
  recommendedRestic,
  resticLimits,
} from "@restic-manager/shared/domain/restic-version.ts";
import { html, nothing, type TemplateResult } from "lit";
import { plainText } from "../elements/plain-text.ts";

/** What the host's restic cannot do; nothing for a recent one. */
export function resticCard({
  restic,
}: HostDetail): TemplateResult | typeof nothing {
  const version = restic?.version ?? null;
  const limits = limitsOf(version);
  if (limits.length === 0) return nothing;
  return html`<section class="card section" aria-label="Old restic">
    <div class="section-head">
      <h2>restic ${plainText(version ?? "")} is old</h2>
    </div>
    <ul class="limits small text-2">
      ${limits.map((limit) => html`<li>${resticLimits[limit].text}</li>`)}
    </ul>
    <p class="small text-2">
      ${recommendedRestic} or newer has none of
      this${restic?.source === "embedded" ? nothing : html`; without <code>restic_path</code> the agent uses its own`}.
    </p>
  </section>`;
}
