import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { repoCredential } from "../domain/repo.ts";
import { firstSourceGroupSpec } from "../domain/source.ts";
import { machineName } from "../protocol/announce.ts";
import { repositoryChoice } from "./repos.ts";

/**
 * Letting a host join without asking again: a person says beforehand what it backs up and where, and whoever shows
 * the token is that host. It works once, for an hour, and only its hash is stored.
 */
export const tokenLifeMs = 60 * 60 * 1000;
/** More do not wait to be used at the same time. */
export const maxTokens = 100;

export const hostTags = z
  .array(z.string().trim().min(1, "Write a tag.").max(64))
  .max(20);

/**
 * POST /api/enrolment/tokens → 201 `tokenMade`. As in `setUpBody`, but secrets may be left to the server: without
 * `password` it makes the repository password (`create` only), with `username` and without `user_password` the
 * password of a rest-server's login.
 */
export const tokenBody = z.strictObject({
  /** What the host will be called. */
  hostname: machineName,
  tags: hostTags.default([]),
  repository: repositoryChoice.extend({
    credential: repoCredential.extend({
      password: z.string().max(1024).optional(),
    }),
  }),
  source: firstSourceGroupSpec,
});
export type TokenBody = z.infer<typeof tokenBody>;

/** A token that can still be used, or was used in the last hour. */
export const enrolmentToken = z.object({
  id: ulidText,
  hostname: z.string(),
  repository_url: z.string(),
  /** User name of who made it, and who therefore approved the host. */
  created_by: z.string(),
  created_at: timestamp,
  expires_at: timestamp,
  used_at: timestamp.nullable(),
  /** The host that used it. */
  host_id: hostId.nullable(),
});
export type EnrolmentToken = z.infer<typeof enrolmentToken>;

/** GET /api/enrolment/tokens, newest first. DELETE /api/enrolment/tokens/:id → 204 revokes one that was not used. */
export const tokenList = z.object({
  tokens: z.array(enrolmentToken).max(2 * maxTokens),
});
export type TokenList = z.infer<typeof tokenList>;

/** The only time that any of its secrets is shown. */
export const tokenMade = z.object({
  id: ulidText,
  expires_at: timestamp,
  /** `rmt_<id>_<secret>` */
  token: z.string(),
  /** For a root shell on the host. The token is in its here-document, so no process list shows it. */
  command: z.string(),
  /** The same as a whole bash script, and a name for its file. */
  script: z.string(),
  script_name: z.string(),
  /** The repository password, when the server made it: without it nobody can restore. */
  minted_password: z.string().nullable(),
  /** The rest-server login's password, when the server made it, and the line for the rest-server's htpasswd file. */
  minted_user_password: z.string().nullable(),
  htpasswd: z.string().nullable(),
});
export type TokenMade = z.infer<typeof tokenMade>;
