import type { RestoreCheck } from "@restic-manager/shared/api/restores.ts";
import { html, nothing, type TemplateResult } from "lit";
import { bytes, count, plural } from "./format.ts";
import { icon } from "./icon.ts";
import type { RestoreDraft } from "./restore-draft.ts";
import { pathText } from "./tree-path.ts";

type Tone = "ok" | "warn" | "bad" | "run";

/** What a host has found before anything is written, worst first. */
export function checkFindings(
  check: RestoreCheck,
  draft: RestoreDraft,
): TemplateResult {
  const { dry_run, dry_run_problem, warnings } = check;
  return html`<ul class="findings">
      ${target(check, draft)}${space(check)}
      ${
        check.sets_owners
          ? finding("ok", "Owners and permissions are brought back.")
          : finding(
              "warn",
              "The agent does not run as root: files come back, but they belong to its account.",
            )
      }
      ${draft.mode === "other" ? revocation(check) : nothing}
      ${warnings.map((text) => finding("warn", pathText(text)))}
      ${dry_run_problem === null ? nothing : finding("warn", `No trial run: ${pathText(dry_run_problem)}`)}
    </ul>
    ${dry_run === null ? nothing : trial(dry_run)}`;
}

function finding(tone: Tone, text: string): TemplateResult {
  const shape = {
    ok: "circle-check",
    warn: "warning",
    bad: "warning",
    run: "key",
  } as const;
  return html`<li>
    <span class=${tone}>${icon(shape[tone], 16)}</span><span>${text}</span>
  </li>`;
}

function target(
  { target: path, target_state }: RestoreCheck,
  { overwrite }: RestoreDraft,
): TemplateResult | typeof nothing {
  if (path === null)
    return target_state === "not_writable"
      ? finding("bad", "The agent may not write where the files came from.")
      : nothing;
  const folder = pathText(path);
  switch (target_state) {
    case "absent":
      return finding("ok", `${folder} is made.`);
    case "empty":
      return finding("ok", `${folder} is there and empty.`);
    case "not_empty":
      return finding("warn", `${folder} is not empty. ${notEmpty[overwrite]}`);
    case "not_writable":
      return finding("bad", `The agent may not write to ${folder}.`);
  }
}

const notEmpty: Readonly<Record<RestoreDraft["overwrite"], string>> = {
  always: "Files of the same name are replaced.",
  "if-changed": "Files of the same name that differ are replaced.",
  "if-newer": "Files of the same name that are older are replaced.",
  never: "Files of the same name are kept.",
};

function space({
  space_free,
  space_needed,
}: RestoreCheck): TemplateResult | typeof nothing {
  if (space_needed === null) return nothing;
  const needed = bytes(space_needed);
  if (space_free === null)
    return finding("warn", `${needed} needed; the free space is not known.`);
  return space_needed > space_free
    ? finding(
        "bad",
        `${needed} needed, but only ${bytes(space_free)} are free.`,
      )
    : finding("ok", `${needed} needed, ${bytes(space_free)} free.`);
}

function revocation({
  revocation: by,
}: RestoreCheck): TemplateResult | typeof nothing {
  switch (by) {
    case "own_access":
      return nothing;
    case "temporary_key":
      return finding(
        "run",
        "The host gets a temporary key of the repository. It is removed from the repository when the job ends, in whatever way.",
      );
    case "forgotten_only":
      return finding(
        "warn",
        "The host gets the repository’s own password, in memory only. The agent forgets it after the job, but it cannot be taken back: who controls that host could have kept it. With an admin credential on the repository a temporary key is used instead.",
      );
  }
}

function trial({
  restored,
  updated,
  unchanged,
  bytes: size,
  overwritten,
}: NonNullable<RestoreCheck["dry_run"]>): TemplateResult {
  return html`<dl class="trial num">
      <div>
        <dt>New</dt>
        <dd>${count(restored)}</dd>
      </div>
      <div>
        <dt>Replaced</dt>
        <dd class=${updated > 0 ? "warn-text" : ""}>${count(updated)}</dd>
      </div>
      <div>
        <dt>Unchanged</dt>
        <dd>${count(unchanged)}</dd>
      </div>
      <div>
        <dt>To write</dt>
        <dd>${bytes(size)}</dd>
      </div>
    </dl>
    ${
      overwritten.length === 0
        ? nothing
        : html`<details>
            <summary>${overwriteSummary(overwritten.length, updated)}</summary>
            <div
              class="paths mono"
              role="region"
              tabindex="0"
              aria-label="Files that would be replaced"
            >
              <ul>
                ${overwritten.map((path) => html`<li><bdi>${pathText(path)}</bdi></li>`)}
              </ul>
            </div>
          </details>`
    }`;
}

function overwriteSummary(listed: number, all: number): string {
  return listed < all
    ? `The first ${listed} of ${count(all)} files that would be replaced`
    : `${plural(listed, "file")} that would be replaced`;
}
