import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, nothing, type TemplateResult } from "lit";
import { plural } from "../elements/format.ts";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";
import { notEnforcedText } from "../elements/upkeep-words.ts";

/** What does not happen to a repository though it should, and who is in its way. */
export function repositoryNotices(
  repository: Repository,
  remedy: TemplateResult | typeof nothing,
): TemplateResult {
  return html`${retention(repository, remedy)}${staleLocks(repository)}`;
}

function retention(
  repository: Repository,
  remedy: TemplateResult | typeof nothing,
): TemplateResult | typeof nothing {
  if (repository.retention.state !== "not_enforced") return nothing;
  return html`<div class="notice warn">
    ${icon("warning")}<span
      ><strong>Retention is not enforced:</strong>
      ${notEnforcedText(repository)}</span
    >${remedy}
  </div>`;
}

function staleLocks({
  stats: { locks },
}: Repository): TemplateResult | typeof nothing {
  const stale = locks.filter(({ state }) => state !== "live");
  if (stale.length === 0) return nothing;
  const hosts = [...new Set(stale.map(({ hostname }) => hostname))].join(", ");
  return html`<div class="notice warn">
    ${icon("lock")}<span
      >${plural(stale.length, "stale lock")} of ${plainText(hosts)}: jobs that
      need the repository for themselves wait or fail until it is removed.</span
    >
  </div>`;
}
