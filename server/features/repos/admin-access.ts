import type { z } from "zod";
import type {
  AdminCredentialSpec,
  Repository,
} from "@restic-manager/shared/api/repos.ts";
import { repoCredential, repoUrl } from "@restic-manager/shared/domain/repo.ts";
import type { RepoCredential } from "@restic-manager/shared/domain/repo.ts";

/** In what the access that may delete differs from a repository's own; nothing in it says that the own one may. */
export const adminAccess = repoCredential.partial().extend({
  url: repoUrl.optional(),
  env: repoCredential.shape.env,
});
export type AdminAccess = z.infer<typeof adminAccess>;

export interface RepositoryAccess {
  readonly url: string;
  readonly credential: RepoCredential;
}

const texts = [
  "url",
  "password",
  "username",
  "user_password",
  "ca",
] as const satisfies readonly (keyof AdminAccess)[];

/** What is stored after a change: blank or absent keeps a field, null drops it. @returns also which fields changed. */
export function changeAdminAccess(
  stored: AdminAccess | null,
  spec: AdminCredentialSpec,
): { access: AdminAccess; changed: string[] } {
  const access: AdminAccess = { ...stored, env: { ...stored?.env } };
  for (const name of texts) {
    if (spec[name] === null) delete access[name];
    else if (spec[name]) access[name] = spec[name];
  }
  if (spec.env === null) access.env = {};
  for (const [name, value] of Object.entries(spec.env ?? {})) {
    if (value) access.env[name] = value;
  }
  const changed = texts.filter((name) => access[name] !== stored?.[name]);
  const hasNewEnv = !Bun.deepEquals(access.env, stored?.env ?? {});
  return { access, changed: [...changed, ...(hasNewEnv ? ["env"] : [])] };
}

export function withAdminAccess(
  own: RepositoryAccess,
  {
    url = own.url,
    password = own.credential.password,
    env,
    ...admin
  }: AdminAccess,
): RepositoryAccess {
  return {
    url,
    credential: {
      ...own.credential,
      ...admin,
      password,
      env: { ...own.credential.env, ...env },
    },
  };
}

/** It is no other access than the repository's own. */
export function isOwnAccess({ env, ...admin }: AdminAccess): boolean {
  return Object.keys(admin).length + Object.keys(env).length === 0;
}

/** What anyone may know of it. */
export function describeAdminAccess(
  stored: { access: AdminAccess; updatedAt: string } | null,
): Repository["admin"] {
  const access = stored?.access;
  return {
    set: stored !== null,
    url: access?.url ?? null,
    password_set: access?.password !== undefined,
    username: access?.username ?? null,
    user_password_set: access?.user_password !== undefined,
    env_names: Object.keys(access?.env ?? {}).sort(),
    ca_set: access?.ca !== undefined,
    updated_at: stored?.updatedAt ?? null,
  };
}
