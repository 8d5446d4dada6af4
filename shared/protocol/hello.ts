import { z } from "zod";
import { epoch, hostId, timestamp, ulidText } from "../domain/ids.ts";
import { archName, machineName, osName } from "./announce.ts";

/** Which restic an agent uses. `problem` says why it cannot be used; jobs then fail with `restic_missing`. */
export const resticInfo = z.object({
  version: z.string().nullable(),
  source: z.enum(["embedded", "override", "path"]),
  path: z.string(),
  sha256: z.string().nullable(),
  problem: z.string().nullable(),
});
export type ResticInfo = z.infer<typeof resticInfo>;

/** Random text made by each process at its start: two that live under one key tell a copied identity. */
const instance = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);

/** First request after every connect, on `req.hello`; signed as `rm-request-v1`. Deadline for the answer: 10 s. */
export const hello = z.object({
  host: hostId,
  /** Server time as the agent reckons it. */
  t: timestamp,
  protocol_min: z.number().int(),
  protocol_max: z.number().int(),
  agent_version: z.string().max(64),
  agent_commit: z.string().max(64),
  hostname: machineName,
  os: osName,
  os_version: z.string().max(200),
  arch: archName,
  tz: z.string().max(64),
  boot_time: timestamp,
  restic: resticInfo,
  epoch,
  /** Revision of the configuration the agent runs by; 0 before the first. */
  cfg_rev: z.number().int(),
  running_jobs: z.array(ulidText),
  outbox_depth: z.number().int(),
  instance,
  /** Public key of the signer of the agent's JWT. */
  jwt_issuer: z.string().max(64),
});
export type Hello = z.infer<typeof hello>;

/** Highest sequence up to which the server has stored every event of an epoch; rows up to it may be deleted. */
export const committedMark = z.object({
  epoch,
  seq: z.number().int(),
});
export type CommittedMark = z.infer<typeof committedMark>;

/** Answer to hello; signed by the server as `rm-reply-v1`. */
export const helloAnswer = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    host: hostId,
    /** Echo of the request's `t`, so that an old answer cannot be replayed. */
    t: timestamp,
    server_time: timestamp,
    cfg_rev: z.number().int(),
    committed: committedMark,
    heartbeat_ms: z.number().int().positive(),
    /** The signer of the agent's JWT is about to be dropped: ask `req.renew` now. */
    renew: z.boolean(),
  }),
  z.object({
    ok: z.literal(false),
    host: hostId,
    t: timestamp,
    code: z.enum(["protocol_too_old", "protocol_too_new", "unknown_host"]),
    message: z.string(),
    help_url: z.string(),
  }),
]);
export type HelloAnswer = z.infer<typeof helloAnswer>;

/** `req.resume`, asked at most every 5 s while rows wait; signed request and reply as with hello. */
export const resume = z.object({
  host: hostId,
  t: timestamp,
  epoch,
});
export const resumeAnswer = z.object({
  host: hostId,
  t: timestamp,
  committed: committedMark,
});
export type ResumeAnswer = z.infer<typeof resumeAnswer>;

/**
 * `hb`, every heartbeat interval ± 10 %, lossy; at most 2 KB. Signed as `rm-heartbeat-v1`; counts when its process
 * has said hello and it is newer than the last one of that process.
 */
export const heartbeat = z.object({
  host: hostId,
  /** Server time as the agent reckons it. */
  t: timestamp,
  instance,
  epoch,
  cfg_rev: z.number().int(),
  outbox_depth: z.number().int(),
  running_jobs: z.array(ulidText),
  /** Resident memory of the agent in bytes. */
  rss: z.number().int(),
  /** How far the host's own clock is ahead of the server's, in milliseconds. */
  skew_ms: z.number().int().default(0),
});
export type Heartbeat = z.infer<typeof heartbeat>;
