import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { Job } from "@restic-manager/shared/api/jobs.ts";
import type { RestoreRequest } from "@restic-manager/shared/api/restores.ts";
import type { OverwriteRule } from "@restic-manager/shared/domain/restore.ts";
import { nothingRestored } from "@restic-manager/shared/domain/restore-words.ts";
import { html, nothing, type TemplateResult } from "lit";
import { count } from "../elements/format.ts";
import { plainText } from "../elements/plain-text.ts";
import { newRestore } from "../elements/restore-draft.ts";
import { restoreHref } from "./restore-state.ts";
import "../elements/rm-copy/rm-copy.ts";

const shownPaths = 8;

const overwriting: Readonly<Record<OverwriteRule, string>> = {
  always: "replaced",
  "if-changed": "replaced if they differ",
  "if-newer": "replaced if the snapshot’s are newer",
  never: "left as they are",
};

/** What a restore was asked to do: from which snapshot, what, and where to. */
export function restoreCard(
  job: Job,
  { hosts, browses }: { hosts: readonly HostRow[]; browses: boolean },
): TemplateResult | typeof nothing {
  const { restore_request: request } = job;
  if (request === null) return nothing;
  const id = request.snapshot_id.slice(0, 8);
  const from = hosts.find((host) => host.id === request.from_host_id);
  const target =
    job.restore?.target ??
    (request.target.mode === "in_place" ? null : request.target.path);
  return html`<section class="card section" aria-label="What is restored">
    <div class="section-head"><h2>What is restored</h2></div>
    <dl class="pairs">
      <dt>From snapshot</dt>
      <dd class="mono" title=${request.snapshot_id}>
        ${browses ? html`<a class="link" href=${againAddress(job, request)}>${id}</a>` : id}
      </dd>
      ${
        request.from_host_id === null
          ? nothing
          : html`<dt>Of host</dt>
              <dd>
                ${from === undefined ? "another host" : html`<a class="link" href="/hosts/${from.id}">${from.name}</a>`}
              </dd>`
      }
      <dt>To</dt>
      <dd>
        ${
          target === null
            ? "where it was, in place"
            : html`<span class="mono">${plainText(target)}</span>
                <rm-copy
                  compact
                  label="Copy the folder"
                  .value=${target}
                ></rm-copy>`
        }
      </dd>
      <dt>Files already there</dt>
      <dd>${overwriting[request.overwrite]}</dd>
      ${
        request.strip === null
          ? nothing
          : html`<dt>Left out of paths</dt>
              <dd class="mono">${plainText(request.strip)}</dd>`
      }
    </dl>
    <ul class="files paths" aria-label="Files and folders">
      ${request.paths.slice(0, shownPaths).map((path) => html`<li title=${plainText(path)}><bdi>${plainText(path)}</bdi></li>`)}
    </ul>
    ${request.paths.length > shownPaths ? html`<p class="small text-3">and ${count(request.paths.length - shownPaths)} more</p>` : nothing}
  </section>`;
}

/** The same files of the same snapshot once more, to the same place. */
export function againAddress(job: Job, request: RestoreRequest): string {
  const { target, from_host_id: from } = request;
  // Seen from the host that it went to, which has the snapshot in its list too: from the other one it would go over that one's files.
  const hostId = target.mode === "in_place" ? null : from;
  return restoreHref({
    hostId: hostId ?? job.host_id,
    repositoryId: request.repository_id,
    snapshotId: request.snapshot_id,
    step: "files",
    selection: new Set(request.paths),
    leftOut: 0,
    draft: {
      ...newRestore,
      ...(target.mode === "in_place"
        ? { mode: "in_place" }
        : {
            mode: hostId === null ? "new" : "other",
            // A new job would get a folder of its own.
            path:
              job.restore?.target ?? target.path.replaceAll("<job-id>", job.id),
          }),
      to: hostId === null ? "" : job.host_id,
      overwrite: againRule(job, request),
      strip: request.strip ?? "",
    },
  });
}

/** A rule that keeps files would keep those that were left half written, too. */
function againRule(
  { state, error }: Job,
  { overwrite }: RestoreRequest,
): OverwriteRule {
  const wroteNothing =
    error?.code === "target_refused" ||
    error?.message.endsWith(nothingRestored) === true;
  return state === "succeeded" || overwrite === "always" || wroteNothing
    ? overwrite
    : newRestore.overwrite;
}
