import type { HostDetail } from "@restic-manager/shared/api/hosts.ts";
import type { Repository } from "@restic-manager/shared/api/repos.ts";
import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../elements/icon.ts";
import { plainText } from "../elements/plain-text.ts";

/** Repositories that a host cannot back up into, and why: nothing else on its page matters as much. */
export function repositoryProblems(
  { id }: HostDetail,
  repositories: readonly Repository[],
): readonly (TemplateResult | typeof nothing)[] {
  return repositories.map((repository) =>
    repositoryProblem(
      repository,
      html`The repository
        <a class="link" href="/hosts/${id}?tab=repository"
          >${repository.name}</a
        >`,
    ),
  );
}

export function repositoryProblem(
  { status, status_code, status_message }: Repository,
  subject: string | TemplateResult,
): TemplateResult | typeof nothing {
  if (status !== "unreachable" && status !== "init_failed") return nothing;
  return html`<div class="notice bad">
    ${icon("warning")}<span
      >${subject}
      ${status === "init_failed" ? "could not be made" : "cannot be used"}:
      ${plainText(status_message ?? "the agent did not say why.")}
      ${status_code === null ? nothing : html`<code>${status_code}</code>`}</span
    >
  </div>`;
}
