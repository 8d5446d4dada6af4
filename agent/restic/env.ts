import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";
import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import type { RepoCredential } from "@restic-manager/shared/domain/repo.ts";
import { childEnv, type Env } from "../platform/env.ts";

export interface Repository {
  /** In restic's notation, without user name or password. */
  readonly url: string;
  readonly credential: RepoCredential;
}

/** The environment of one run of restic: the only place where a repository's secrets are handed over. */
export function resticEnv(
  own: Env,
  repository: Repository,
  restic: { readonly version: string; readonly cacheDir: string },
): Record<string, string> {
  const { url, credential } = repository;
  return {
    ...childEnv(own),
    ...credential.env,
    ...location(url, credential, restic.version),
    RESTIC_PASSWORD: credential.password,
    RESTIC_CACHE_DIR: restic.cacheDir,
    // Without a terminal restic would say its progress 60 times a second.
    RESTIC_PROGRESS_FPS: "4",
  };
}

/** Everything in a repository's credential that must never be seen in a line of output. */
export function secretsOf({ credential }: Repository): string[] {
  const { password, user_password, env } = credential;
  // Names of keys, regions and projects are in `env` too; hiding them costs nothing.
  return [password, user_password ?? "", ...Object.values(env)];
}

function location(
  url: string,
  { username, user_password }: RepoCredential,
  version: string,
): Record<string, string> {
  if (repoKind(url) !== "rest" || username === undefined)
    return { RESTIC_REPOSITORY: url };
  if (atLeast(version, "0.16.1"))
    return {
      RESTIC_REPOSITORY: url,
      RESTIC_REST_USERNAME: username,
      RESTIC_REST_PASSWORD: user_password ?? "",
    };
  // Older restics know no other way than the address itself.
  const user = [username, user_password ?? ""]
    .map(encodeURIComponent)
    .join(":");
  return {
    RESTIC_REPOSITORY: url.replace(
      /^(rest:https?:\/\/)/i,
      (scheme) => `${scheme}${user}@`,
    ),
  };
}
