import type { HostRow } from "@restic-manager/shared/api/hosts.ts";
import type { SetUpBody } from "@restic-manager/shared/api/repos.ts";
import type { ExcludePreset } from "@restic-manager/shared/domain/exclude-presets.ts";
import type { RepoKind } from "@restic-manager/shared/domain/repo-url.ts";
import {
  isAbsolutePath,
  type SourceDraft,
  sourceFaults,
  sourceField,
  sourceSpec,
} from "../source-draft.ts";
import { given } from "../given.ts";

/** What stands in the set-up form, as typed. */
export interface Draft extends SourceDraft {
  readonly mode: "create" | "existing";
  readonly kind: RepoKind;
  readonly localPath: string;
  readonly restAddress: string;
  readonly restPath: string;
  readonly restUser: string;
  readonly restPassword: string;
  readonly s3Endpoint: string;
  readonly s3Bucket: string;
  readonly s3Prefix: string;
  readonly s3KeyId: string;
  readonly s3Secret: string;
  readonly s3Region: string;
  readonly sftpHost: string;
  readonly sftpUser: string;
  readonly sftpPort: string;
  readonly sftpPath: string;
  readonly ca: string;
  readonly passwordFrom: "minted" | "typed";
  /** Made in this browser; empty where the server makes the password and shows it later. */
  readonly minted: string;
  /** The person says that the minted password is kept outside this page. */
  readonly saved: boolean;
  readonly password: string;
}

/** Fields of plain text. */
export type TextKey = {
  [K in keyof Draft]: Draft[K] extends string ? K : never;
}[keyof Draft];

/** A new repository password: 24 random bytes, base64url. */
export function mintPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

export function newDraft(
  host: Pick<HostRow, "name" | "os">,
  minted: string,
): Draft {
  return {
    paths:
      host.os === "windows"
        ? "C:\\Users"
        : host.os === "darwin"
          ? "/Users"
          : "/etc\n/home\n/root",
    presets: new Set<ExcludePreset>(["caches", "trash"]),
    excludeCaches: true,
    oneFileSystem: false,
    patterns: "",
    mode: "create",
    kind: "rest",
    localPath: "",
    restAddress: "",
    restPath: host.name,
    restUser: "",
    restPassword: "",
    s3Endpoint: "https://s3.amazonaws.com",
    s3Bucket: "",
    s3Prefix: host.name,
    s3KeyId: "",
    s3Secret: "",
    s3Region: "",
    sftpHost: "",
    sftpUser: "",
    sftpPort: "",
    sftpPath: "",
    ca: "",
    passwordFrom: "minted",
    minted,
    saved: false,
    password: "",
  };
}

/** The address in restic's notation, without any secret. */
export function repositoryUrl(draft: Draft): string {
  switch (draft.kind) {
    case "local":
      return draft.localPath.trim();
    case "rest": {
      const address = trimSlashes(
        draft.restAddress.trim().replace(/^rest:/i, ""),
      );
      const path = trimSlashes(draft.restPath.trim());
      return path === "" ? `rest:${address}/` : `rest:${address}/${path}/`;
    }
    case "s3": {
      const parts = [draft.s3Endpoint, draft.s3Bucket, draft.s3Prefix].map(
        (part) => trimSlashes(part.trim()),
      );
      return `s3:${parts.filter(Boolean).join("/")}`;
    }
    case "sftp": {
      const user = draft.sftpUser.trim();
      const host = `${user === "" ? "" : `${user}@`}${draft.sftpHost.trim()}`;
      const port = draft.sftpPort.trim();
      const path = draft.sftpPath.trim();
      return port === ""
        ? `sftp:${host}:${path}`
        : `sftp://${host}:${port}/${path}`;
    }
  }
}

export function setUpBody(draft: Draft): SetUpBody {
  return {
    repository: {
      url: repositoryUrl(draft),
      mode: draft.mode,
      credential: credential(draft),
    },
    source: sourceSpec("default", draft),
  };
}

function credential(draft: Draft): SetUpBody["repository"]["credential"] {
  const env = draft.kind === "s3" ? s3Environment(draft) : {};
  const rest = draft.kind === "rest";
  const optional = given({
    username: rest ? draft.restUser.trim() : "",
    user_password: rest ? draft.restPassword : "",
    ca: rest || draft.kind === "s3" ? draft.ca.trim() : "",
  });
  return {
    ...optional,
    password: usesMinted(draft) ? draft.minted : draft.password,
    env,
  };
}

function s3Environment(draft: Draft): Record<string, string> {
  return given({
    AWS_ACCESS_KEY_ID: draft.s3KeyId.trim(),
    AWS_SECRET_ACCESS_KEY: draft.s3Secret,
    AWS_DEFAULT_REGION: draft.s3Region.trim(),
  });
}

export function usesMinted(draft: Draft): boolean {
  return draft.mode === "create" && draft.passwordFrom === "minted";
}

/** Field id → what is missing or wrong before the agent can be asked. */
export function missingFields(draft: Draft): Record<string, string> {
  const missing = sourceFaults(draft);
  const need = (id: TextKey, text: string): void => {
    if (draft[id].trim() === "") missing[id] = text;
  };
  switch (draft.kind) {
    case "local":
      if (!isAbsolutePath(draft.localPath.trim()))
        missing["localPath"] = "Use an absolute path, for example /srv/backup.";
      break;
    case "rest":
      need(
        "restAddress",
        "Name the server, for example https://backup.lan:8000.",
      );
      break;
    case "s3":
      need("s3Endpoint", "Name the endpoint.");
      need("s3Bucket", "Name the bucket.");
      break;
    case "sftp":
      need("sftpHost", "Name the server.");
      need("sftpPath", "Name the folder on the server.");
      break;
  }
  if (usesMinted(draft)) {
    if (draft.minted !== "" && !draft.saved)
      missing["saved"] = "Save the password first, then say so.";
  } else {
    need("password", "Give the repository password.");
  }
  return missing;
}

/** The field that a dotted path of the request body came from. */
export function fieldOfPath(path: string, draft: Draft): keyof Draft | null {
  if (path.startsWith("source."))
    return sourceField(path.slice("source.".length));
  if (path === "repository.url") return addressField(draft.kind);
  if (path === "repository.credential.password")
    return usesMinted(draft) ? null : "password";
  if (path === "repository.credential.username") return "restUser";
  if (path === "repository.credential.user_password") return "restPassword";
  if (path === "repository.credential.ca") return "ca";
  if (path.startsWith("repository.credential.env"))
    return path.endsWith("SECRET_ACCESS_KEY") ? "s3Secret" : "s3KeyId";
  return null;
}

/** The field that a failure of the agent most likely came from. */
export function fieldOfFailure(
  reason: string | undefined,
  draft: Draft,
): keyof Draft | null {
  switch (reason) {
    case "wrong_password":
      return usesMinted(draft) ? null : "password";
    case "repository_denied":
      return draft.kind === "s3"
        ? "s3KeyId"
        : draft.kind === "rest"
          ? "restUser"
          : addressField(draft.kind);
    case "repository_missing":
    case "repository_exists":
    case "repository_unreachable":
    case "repository_full":
    case "repository_failed":
      return addressField(draft.kind);
    case "source_missing":
      return "paths";
    default:
      return null;
  }
}

function addressField(kind: RepoKind): keyof Draft {
  return (
    {
      local: "localPath",
      rest: "restAddress",
      s3: "s3Endpoint",
      sftp: "sftpHost",
    } as const
  )[kind];
}

function trimSlashes(text: string): string {
  return text.replaceAll(/^\/+|\/+$/g, "");
}
