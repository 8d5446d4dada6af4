import {
  type RepoKind,
  repoKind,
} from "@restic-manager/shared/domain/repo-url.ts";
import { html, nothing, type TemplateResult } from "lit";
import { areaField, checkField, segments, textField } from "../field.ts";
import { icon } from "../icon.ts";
import type { Draft, TextKey } from "./draft.ts";
import { repositoryUrl, usesMinted } from "./draft.ts";
import "../rm-copy/rm-copy.ts";

export interface FieldsParts {
  readonly draft: Draft;
  readonly errors: Readonly<Record<string, string>>;
  readonly change: (change: Partial<Draft>) => void;
}

const kinds: Readonly<Record<RepoKind, string>> = {
  rest: "REST server",
  s3: "S3",
  sftp: "SFTP",
  local: "Folder",
};
const modes = {
  create: "New repository",
  existing: "Existing repository",
} as const;

/** Where the backup goes. */
export function repositoryFields(parts: FieldsParts): TemplateResult {
  const { draft, change } = parts;
  return html`${segments({
    name: "mode",
    label: "Repository",
    options: modes,
    value: draft.mode,
    onChange: (mode) => change({ mode }),
  })}
  ${
    draft.mode === "existing"
      ? html`<p class="help">
          Its snapshots are listed here and stay as they are; nothing is
          initialised.
        </p>`
      : nothing
  }
  ${segments({ name: "kind", label: "Kind", options: kinds, value: draft.kind, onChange: (kind) => change({ kind }) })}
  ${address(parts)} ${addressLine(draft)}
  ${draft.mode === "create" ? passwordChoice(parts) : ownPassword(parts)}`;
}

/** Once there is enough of it to be an address. */
function addressLine(draft: Draft): TemplateResult | typeof nothing {
  const url = repositoryUrl(draft);
  if (repoKind(url) === null) return nothing;
  return html`<p class="help address">restic calls it <code>${url}</code></p>`;
}

function address(parts: FieldsParts): TemplateResult {
  const text = (id: TextKey, label: string, options: TextOptions = {}) =>
    draftText(parts, id, label, options);
  switch (parts.draft.kind) {
    case "local":
      return text("localPath", "Folder on this host", {
        code: true,
        placeholder: "/mnt/backup/restic",
        help: "A mounted disk or share. A folder on the disk that is backed up protects from little.",
      });
    case "rest":
      return html`<div class="pair">
          ${text("restAddress", "Server", { code: true, placeholder: "https://backup.lan:8000" })}
          ${text("restPath", "Path on the server", { code: true })}
          ${text("restUser", "User", { autocomplete: "off" })}
          ${text("restPassword", "Password of the user", {
            type: "password",
            autocomplete: "new-password",
            help:
              parts.draft.minted === ""
                ? "Left empty with a user, the server makes one."
                : undefined,
          })}
        </div>
        ${authority(parts)}`;
    case "s3":
      return html`<div class="pair">
          ${text("s3Endpoint", "Endpoint", { code: true })}
          ${text("s3Region", "Region", { code: true, placeholder: "when the provider asks for one" })}
          ${text("s3Bucket", "Bucket", { code: true })}
          ${text("s3Prefix", "Folder in the bucket", { code: true })}
          ${text("s3KeyId", "Access key ID", { code: true })}
          ${text("s3Secret", "Secret access key", { type: "password", autocomplete: "new-password" })}
        </div>
        ${authority(parts)}`;
    case "sftp":
      return html`<div class="pair">
          ${text("sftpHost", "Server", { code: true, placeholder: "backup.lan" })}
          ${text("sftpPort", "Port", { code: true, placeholder: "22" })}
          ${text("sftpUser", "User", { code: true })}
          ${text("sftpPath", "Folder on the server", { code: true, placeholder: "/srv/restic/name" })}
        </div>
        <p class="help">
          Uses the SSH keys and known hosts of the account that runs the agent,
          without asking for anything.
        </p>`;
  }
}

function authority(parts: FieldsParts): TemplateResult {
  return html`<details>
    <summary>Certificate authority of the server</summary>
    ${areaField({
      ...common(parts, "ca", "Certificate (PEM)"),
      placeholder: "-----BEGIN CERTIFICATE-----",
      help: "Only for a certificate that the host does not trust by itself.",
    })}
  </details>`;
}

function passwordChoice(parts: FieldsParts): TemplateResult {
  const { draft, change } = parts;
  return html`${segments({
    name: "password-from",
    label: "Repository password",
    options: { minted: "Make one", typed: "Use my own" },
    value: draft.passwordFrom,
    onChange: (passwordFrom) => change({ passwordFrom }),
  })}
  ${usesMinted(draft) ? minted(parts) : draftText(parts, "password", "Password", secret)}`;
}

const secret: TextOptions = { type: "password", autocomplete: "new-password" };

function ownPassword(parts: FieldsParts): TemplateResult {
  return draftText(parts, "password", "Repository password", secret);
}

function minted({ draft, errors, change }: FieldsParts): TemplateResult {
  if (draft.minted === "")
    return html`<p class="help">
      The server makes it and shows it once, in the next step.
    </p>`;
  return html`<div class="minted">
    <div class="minted-row">
      ${icon("key")}<code>${draft.minted}</code>
      <rm-copy
        label="Copy the repository password"
        .value=${draft.minted}
      ></rm-copy>
    </div>
    <p class="help">
      Shown this once. Without it nobody restores anything, should this server
      and the host be lost together: keep it in a password manager or on paper.
    </p>
    ${checkField({
      id: "saved",
      label: "I have saved it",
      checked: draft.saved,
      onChange: (saved) => change({ saved }),
      error: errors["saved"],
    })}
  </div>`;
}

interface TextOptions {
  readonly code?: boolean;
  readonly type?: "text" | "password";
  readonly placeholder?: string;
  readonly help?: string | undefined;
  readonly autocomplete?: string;
}

function draftText(
  parts: FieldsParts,
  id: TextKey,
  label: string,
  options: TextOptions,
): TemplateResult {
  return textField({ ...common(parts, id, label), ...options });
}

function common(
  { draft, errors, change }: FieldsParts,
  id: TextKey,
  label: string,
) {
  return {
    id,
    label,
    value: draft[id],
    error: errors[id],
    onInput: (value: string) => change({ [id]: value }),
  };
}
