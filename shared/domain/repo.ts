import { z } from "zod";
import { hasPassword, repoKind } from "./repo-url.ts";

/** Names of environment variables that may travel with a repository, by the back ends that read them. */
export const repoEnvNames =
  /^(AWS_[A-Z0-9_]+|B2_[A-Z0-9_]+|AZURE_[A-Z0-9_]+|GOOGLE_[A-Z0-9_]+|OS_[A-Z0-9_]+|RESTIC_AWS_[A-Z0-9_]+)$/;

/**
 * Where a repository is, in restic's own notation and without any user name or password inside:
 * `/srv/restic`, `C:\\restic`, `rest:https://host:8000/name/`, `s3:https://host/bucket/prefix`, `sftp:user@host:/path`.
 */
export const repoUrl = z
  .string()
  .trim()
  .min(1, "Name the repository's address.")
  .max(2048)
  .refine(
    (url) => repoKind(url) !== null,
    "Use a local path, rest:, s3: or sftp: address.",
  )
  .refine(
    (url) => !hasPassword(url),
    "Put user name and password into their own fields, not into the address.",
  );

/** What opens a repository. Never leaves the server except sealed to one agent. */
export const repoCredential = z.strictObject({
  /** Repository password. */
  password: z.string().min(1, "Give the repository password.").max(1024),
  /** HTTP user of a rest-server. */
  username: z.string().max(256).optional(),
  /** HTTP password of a rest-server. */
  user_password: z.string().max(1024).optional(),
  /** Back-end variables, for example AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. */
  env: z
    .record(
      z
        .string()
        .regex(
          repoEnvNames,
          "This variable is not on the list of back-end variables.",
        ),
      z.string().max(4096),
    )
    .default({}),
  /** Certificate authority (PEM) of the repository's server. */
  ca: z.string().max(65536).optional(),
});
export type RepoCredential = z.infer<typeof repoCredential>;

/** The same on its way to an agent, which may be older than the server and ignores what it does not know. */
export const sentCredential = z.object(repoCredential.shape);

export const repoStatuses = [
  "unknown",
  "ready",
  "unreachable",
  "init_failed",
] as const;
export type RepoStatus = (typeof repoStatuses)[number];
