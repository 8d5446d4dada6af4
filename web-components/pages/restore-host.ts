import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import { html, type TemplateResult } from "lit";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { healthStates, pill } from "../elements/status.ts";

/** Whose files are wanted back. */
export function hostChoice(hosts: readonly HostRow[]): TemplateResult {
  // One that has made no snapshot itself may have those of a machine before it, or of another one.
  const setUp = hosts.filter(({ set_up }) => set_up);
  if (setUp.length === 0)
    return html`<div class="card nothing">
      <h2>No snapshots yet</h2>
      <p>As soon as a host has backed up, its files can be restored here.</p>
    </div>`;
  return html`<p class="text-2 facts">Whose files do you want back?</p>
    <ul class="card hosts">
      ${setUp.map(
        ({ id, name, health, snapshot_count: n }) =>
          html`<li>
            <a href="/restore?host=${id}"
              ><b>${name}</b>${pill(healthStates[health])}<span
                class="spring"
              ></span
              ><span class="num text-2"
                >${n === 0 ? "none of its own" : plural(n, "snapshot")}</span
              >${icon("chevron-right", 15)}</a
            >
          </li>`,
      )}
    </ul>`;
}
