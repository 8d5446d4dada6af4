import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, type TemplateResult } from "lit";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";

/** Repositories that a host cannot back up into, and why: nothing else on its page matters as much. */
export function repositoryProblems(
  { id }: HostDetail,
  repositories: readonly Repository[],
): readonly TemplateResult[] {
  return repositories
    .filter(
      ({ status }) => status === "unreachable" || status === "init_failed",
    )
    .map(
      ({ name, status, status_code, status_message }) =>
        html`<div class="notice bad">
          ${icon("warning")}<span
            >The repository
            <a class="link" href="/hosts/${id}?tab=repository">${name}</a>
            ${status === "init_failed" ? "could not be made" : "cannot be used"}:
            ${plainText(status_message ?? "the agent did not say why.")}
            ${status_code === null ? "" : html`<code>${status_code}</code>`}</span
          >
        </div>`,
    );
}
