import { z } from "zod";
import { timestamp, ulidText } from "../domain/ids.ts";
import { permissions, roles } from "../domain/role.ts";

export const username = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    "Use 1 to 64 letters, digits, dots, dashes or underscores.",
  );

export const newPassword = z
  .string()
  .min(12, "Use at least 12 characters.")
  .max(256, "Use at most 256 characters.");

/** POST /api/auth/login → 200 `session` and the session cookie. */
export const loginBody = z.strictObject({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
});

/** POST /api/auth/bootstrap → 201 `session` and the session cookie. `token` is from the bootstrap URL. */
export const bootstrapBody = z.strictObject({
  token: z.string().min(1).max(128),
  username,
  password: newPassword,
});

/** GET /api/auth/session. `user` is null for a visitor; `bootstrap_required` says that no user exists yet. */
export const session = z.object({
  user: z
    .object({
      id: z.string(),
      username: z.string(),
      role: z.enum(roles),
      permissions: z.array(z.enum(permissions)),
    })
    .nullable(),
  /** Send it back as `X-CSRF-Token` with every request that changes something. Null for a visitor. */
  csrf_token: z.string().nullable(),
  expires_at: z.string().nullable(),
  bootstrap_required: z.boolean(),
});

/** GET /api/auth/sessions?cursor&limit → where the user is logged in, newest first. */
export const ownSessionQuery = z.strictObject({
  cursor: ulidText.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const ownSession = z.object({
  id: ulidText,
  created_at: timestamp,
  /** To the minute. */
  last_seen_at: timestamp,
  expires_at: timestamp,
  ip: z.string(),
  user_agent: z.string(),
  /** The one that asks. */
  current: z.boolean(),
});
export const ownSessionList = z.object({
  sessions: z.array(ownSession),
  next_cursor: z.string().nullable(),
});
/** DELETE /api/auth/sessions/:id → 204; 404 `session_not_found` for what is not the user's own. */

export type OwnSession = z.infer<typeof ownSession>;
export type OwnSessionQuery = z.infer<typeof ownSessionQuery>;
export type OwnSessionList = z.infer<typeof ownSessionList>;
export type LoginBody = z.infer<typeof loginBody>;
export type BootstrapBody = z.infer<typeof bootstrapBody>;
export type Session = z.infer<typeof session>;

/** GET /api/version, public. One version source: package.json. `server_key` is the fingerprint for `--server-key`. */
export const versionInfo = z.object({
  version: z.string(),
  commit: z.string(),
  commit_date: z.string(),
  server_key: z.string(),
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
});

export type VersionInfo = z.infer<typeof versionInfo>;
