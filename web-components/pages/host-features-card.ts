import { html, nothing, type TemplateResult } from "lit";
import { featureStates } from "../elements/feature-state.ts";
import { hostFeatures } from "../elements/host-features.ts";
import { pill } from "../elements/status.ts";
import type { TabParts } from "./host-tabs.ts";

/** What happens on the host by itself: on, off, incomplete or failing, with the reason. */
export function featuresCard({
  of,
  host,
}: TabParts): TemplateResult | typeof nothing {
  const { sources: groups, schedules, repositories } = of;
  if (!host.set_up || !groups || !schedules || !repositories) return nothing;
  const features = hostFeatures({ host, groups, schedules, repositories });
  return html`<section class="card section" aria-label="Runs by itself">
    <div class="section-head"><h2>Runs by itself</h2></div>
    <ul class="features">
      ${features.map(
        ({ name, href, state, reason }) =>
          html`<li>
            <a class="link" href=${href}>${name}</a>
            ${pill(featureStates[state])}
            ${reason === "" ? nothing : html`<p class="small text-2">${reason}</p>`}
          </li>`,
      )}
    </ul>
  </section>`;
}
