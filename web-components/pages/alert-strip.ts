import type { AlertList } from "@restic-manager/shared/api/alerts.ts";
import { html, nothing, type TemplateResult } from "lit";
import { alertTitle } from "../elements/alert-words.ts";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";

/** What people should know of a host or a repository, in one line that leads to the alerts: at `href`. */
export function alertStrip(
  href: string,
  list: AlertList | null,
): TemplateResult | typeof nothing {
  if (list === null || list.alerts.length === 0) return nothing;
  const { alerts, next_cursor } = list;
  const titles = [...new Set(alerts.map(alertTitle))].join(", ");
  const isBad = alerts.some(({ severity }) => severity === "critical");
  const count =
    next_cursor === null
      ? plural(alerts.length, "alert")
      : `more than ${alerts.length} alerts`;
  return html`<div class="notice ${isBad ? "bad" : "warn"}">
    ${icon("bell")}
    <p><a class="link" href=${href}>${count}</a>: ${titles}.</p>
  </div>`;
}
