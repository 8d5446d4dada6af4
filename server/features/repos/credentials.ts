import type {
  RepositoryPatch,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import { repoCredential } from "@restic-manager/shared/domain/repo.ts";
import type { RepoCredential } from "@restic-manager/shared/domain/repo.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { adminAccess } from "./admin-access.ts";
import type { AdminAccess } from "./admin-access.ts";

/** Which credential: of a repository, for all its hosts (`hostId` null) or for one. */
export interface CredentialKey {
  readonly repositoryId: string;
  readonly hostId: string | null;
}

export interface CredentialBox {
  seal(key: CredentialKey, credential: RepoCredential): Uint8Array;
  /** @throws Error when the box is not the one of this repository and host. */
  open(key: CredentialKey, box: Uint8Array): RepoCredential;
  sealAdmin(repositoryId: string, access: AdminAccess): Uint8Array;
  /** @throws Error when the box is not the admin credential of this repository. */
  openAdmin(repositoryId: string, box: Uint8Array): AdminAccess;
}

export function createCredentialBox(secrets: Secrets): CredentialBox {
  const purpose = "repository-credential.repo";
  const adminPurpose = "repository-credential.admin";
  const binding = ({ repositoryId, hostId }: CredentialKey) =>
    hostId === null ? repositoryId : `${repositoryId}/${hostId}`;
  return {
    seal: (key, credential) =>
      secrets.seal(purpose, binding(key), toBytes(credential)),
    open: (key, box) =>
      repoCredential.parse(fromBytes(secrets.open(purpose, binding(key), box))),
    sealAdmin: (repositoryId, access) =>
      secrets.seal(adminPurpose, repositoryId, toBytes(access)),
    openAdmin: (repositoryId, box) =>
      adminAccess.parse(
        fromBytes(secrets.open(adminPurpose, repositoryId, box)),
      ),
  };
}

function toBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function fromBytes(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The credential after a change; whatever is absent or blank keeps what is stored. */
export function changeCredential(
  stored: RepoCredential,
  patch: RepositoryPatch,
): RepoCredential {
  const result: RepoCredential = { ...stored, env: { ...stored.env } };
  if (patch.password) result.password = patch.password;
  if (patch.username) result.username = patch.username;
  if (patch.user_password) result.user_password = patch.user_password;
  if (patch.ca) result.ca = patch.ca;
  for (const [name, value] of Object.entries(patch.env ?? {})) {
    if (value) result.env[name] = value;
  }
  return result;
}

/** Without fields left blank in a form and with a fixed order, so that two equal credentials have one text. */
export function tidyCredential(given: RepoCredential): RepoCredential {
  const env = Object.entries(given.env).filter(([, value]) => value !== "");
  return {
    password: given.password,
    ...(given.username && { username: given.username }),
    ...(given.user_password && { user_password: given.user_password }),
    env: Object.fromEntries(env.sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(given.ca && { ca: given.ca }),
  };
}

export function sameCredential(a: RepoCredential, b: RepoCredential): boolean {
  return (
    JSON.stringify(tidyCredential(a)) === JSON.stringify(tidyCredential(b))
  );
}

/** What anyone may know of a credential. */
export function describeCredential(
  credential: RepoCredential | null,
): Repository["credential"] {
  return {
    password_set: credential !== null,
    username: credential?.username ?? null,
    user_password_set: credential?.user_password !== undefined,
    env_names: Object.keys(credential?.env ?? {}).sort(),
    ca_set: credential?.ca !== undefined,
  };
}
