import { z } from "zod";
import { signedText } from "../identity/signed.ts";

/**
 * Every error code the HTTP API answers, with its status and the sentence that tells a person what to do.
 * Codes are stable: append, never rename. `docs/reference/errors.md` lists the same.
 */
export const apiErrors = {
  // Asked wrongly
  invalid_request: [
    400,
    "The request is not valid; the fields say what to change.",
  ],
  invalid_json: [400, "The body is not valid JSON."],
  not_found: [404, "There is nothing at this address."],
  method_not_allowed: [405, "This address does not accept this method."],
  payload_too_large: [413, "The body is larger than this address accepts."],
  unsupported_media_type: [415, "Send the body as application/json."],
  // Who you are, what you may
  unauthenticated: [401, "Log in first."],
  forbidden: [403, "Your role does not include the permission this needs."],
  origin_refused: [
    403,
    "The request comes from another site; add it to RM_ALLOWED_ORIGINS if it is yours.",
  ],
  csrf_refused: [
    403,
    "The request carries no valid X-CSRF-Token; reload the page.",
  ],
  login_failed: [401, "Wrong user name or password."],
  password_wrong: [403, "This is not your password; type it again."],
  login_throttled: [
    429,
    "Too many failed log-ins; wait as long as Retry-After says, then try again.",
  ],
  session_not_found: [404, "There is no such session; it may have ended."],
  bootstrap_closed: [
    409,
    "The first administrator exists; log in, or reset the password on the server's machine.",
  ],
  bootstrap_token_invalid: [
    403,
    "This bootstrap link is not valid; use the one in the server's log.",
  ],
  // Enrolment
  public_key_invalid: [400, "public_key must be exactly 32 bytes, base64url."],
  announce_invalid: [
    400,
    "The announce document cannot be read; update the agent.",
  ],
  signature_invalid: [403, "The signature does not match the announced key."],
  server_key_mismatch: [
    409,
    "The agent was told another server's key; check the address and --server-key.",
  ],
  protocol_too_old: [
    426,
    "This agent is too old for this server; install the agent that this server offers.",
  ],
  protocol_too_new: [
    426,
    "This agent is newer than this server; update the server, or install the agent that it offers.",
  ],
  nonce_invalid: [
    403,
    "The proof of possession is not for this pending host, or was used before; announce again.",
  ],
  rate_limited: [429, "Too many requests from this address; wait a minute."],
  pending_full: [
    503,
    "Too many hosts wait for approval; approve or reject some first.",
  ],
  pending_not_found: [
    404,
    "This host no longer waits for approval; it must announce again.",
  ],
  pending_decided: [
    409,
    "Someone else has already decided about this host; reload.",
  ],
  fingerprint_mismatch: [
    409,
    "The fingerprint is not the one of this pending host; compare again.",
  ],
  session_time_invalid: [
    403,
    "The time in the request is not the server's; ask for the server's time, then try again.",
  ],
  host_unknown: [
    404,
    "This server does not know the host's key; run restic-manager-agent enrol on the host.",
  ],
  host_revoked: [
    410,
    "An administrator removed this host, or replaced its key; run restic-manager-agent enrol on the host to join again.",
  ],
  rejected: [410, "An administrator rejected this host."],
  token_invalid: [
    403,
    "The one-time token is not valid; copy it whole, or make another in the dashboard under Add host.",
  ],
  token_used: [
    409,
    "The one-time token was used already; make another in the dashboard under Add host.",
  ],
  token_expired: [
    410,
    "The one-time token has expired; make another in the dashboard under Add host.",
  ],
  token_not_found: [
    404,
    "There is no such token to revoke; it may have expired.",
  ],
  tokens_full: [
    409,
    "100 one-time tokens wait to be used; revoke some, or let them expire.",
  ],
  // Hosts, repositories, sources, schedules
  host_not_found: [404, "There is no such host."],
  name_mismatch: [409, "The typed name is not the name of this host."],
  host_offline: [
    503,
    "The host is offline; nothing was queued. Try again when it is back.",
  ],
  host_set_up: [
    409,
    "This host is already set up; change its sources or its repository instead.",
  ],
  host_not_set_up: [
    409,
    "The host has no repository yet; finish its set-up first.",
  ],
  agent_timeout: [
    504,
    "The agent did not answer in time; look at its log, then try again.",
  ],
  agent_refused: [409, "The agent refused; the message says why."],
  repository_not_found: [404, "There is no such repository."],
  repository_test_failed: [
    422,
    "The agent could not use the repository; the message says why. Nothing was saved.",
  ],
  source_group_not_found: [404, "There is no such source group."],
  schedule_not_found: [404, "There is no such schedule."],
  cron_invalid: [400, "Use five cron fields, for example 30 2 * * *."],
  zone_unknown: [
    409,
    "The host's time zone is not one this server knows; set another one on the host and restart its agent.",
  ],
  configuration_too_large: [
    409,
    "With this the host's configuration would no longer fit into one message to its agent; shorten its lists of paths, or move hooks into scripts on the host.",
  ],
  source_group_used: [
    409,
    "Schedules run this source group; take it out of them, or delete them, first.",
  ],
  changed_meanwhile: [
    409,
    "Somebody else has changed this since you opened it, and nothing was saved; load the newer one, or save over it.",
  ],
  host_full: [
    409,
    "A host has at most 100 of these; delete one that is not needed first.",
  ],
  temporary_keys_left: [
    409,
    "Keys of restores on other hosts may still open repositories that would go too; let them be removed first, or leave them knowingly.",
  ],
  // Upkeep of repositories
  admin_creds_required: [
    409,
    "This repository has no admin credential, and forget and prune need access that may delete; set one on the repository's page.",
  ],
  retention_empty: [
    409,
    "No source group that backs up to this repository has a retention policy, so nothing may be removed; set one on the group first.",
  ],
  repository_busy: [
    409,
    "A job uses this repository; wait for its end, or cancel it.",
  ],
  repository_name_mismatch: [
    409,
    "The typed name is not the name of this repository.",
  ],
  // What is in snapshots, and getting it back
  snapshot_not_found: [
    404,
    "There is no such snapshot; it may have been forgotten meanwhile.",
  ],
  not_indexed: [
    409,
    "What is in this snapshot is not known here yet; ask for its index first.",
  ],
  path_not_found: [404, "The snapshot holds nothing at this path."],
  restore_refused: [
    409,
    "The host cannot restore this; the message says why. Nothing was written.",
  ],
  download_failed: [
    502,
    "The agent could not read this from the repository; the message says why.",
  ],
  downloads_full: [
    503,
    "As many downloads run as this server carries; wait for one to end.",
  ],
  // Jobs
  job_not_found: [404, "There is no such job."],
  job_finished: [409, "The job has already ended."],
  // Alerts
  alert_not_found: [404, "There is no such alert."],
  alert_resolved: [409, "The alert is over already."],
  channel_not_found: [404, "There is no such notification channel."],
  channel_kind_fixed: [
    409,
    "A channel keeps its kind; make another one and delete this.",
  ],
  channels_full: [
    409,
    "There are 50 notification channels already; delete one first.",
  ],
  // Downloads
  agent_binary_missing: [
    404,
    "This server has no agent for that platform; put the file into the agents folder of its data directory.",
  ],
  platform_unknown: [
    404,
    "Use os=linux with arch=x64 or arm64, or os=windows with arch=x64.",
  ],
  // Ours
  starting: [503, "The server is starting; try again in a moment."],
  internal: [
    500,
    "Something went wrong here; the server's log has the request id.",
  ],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ApiErrorCode = keyof typeof apiErrors;

/** Codes of single fields inside an `invalid_request`. */
export const fieldErrorCodes = [
  "required",
  "invalid",
  "too_short",
  "too_long",
  "unknown",
  "taken",
] as const;

export type FieldErrorCode = (typeof fieldErrorCodes)[number];

/** Body of every answer with status >= 400. `fields` maps a dotted path of the body to `{code, message}`. */
export const apiErrorBody = z.object({
  code: z.string(),
  message: z.string(),
  request_id: z.string(),
  fields: z
    .record(z.string(), z.object({ code: z.string(), message: z.string() }))
    .optional(),
  /** What still uses the thing that was to be deleted. */
  used_by: z.array(z.object({ id: z.string(), name: z.string() })).optional(),
  /** A cause below: the agent's failure code, when the agent refused. */
  cause: z.string().optional(),
  /** A `refusal` of `shared/protocol/identity.ts`, for agents. */
  refusal: signedText.optional(),
});

export type ApiErrorBody = z.infer<typeof apiErrorBody>;
