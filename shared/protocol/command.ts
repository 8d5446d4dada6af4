import { z } from "zod";
import { failureCodes } from "../domain/failure.ts";
import {
  epoch,
  hostId,
  snapshotId,
  timestamp,
  ulidText,
} from "../domain/ids.ts";
import { jobActors, maintenanceKinds } from "../domain/job.ts";
import { overwriteRules, restoreTarget } from "../domain/restore.ts";
import { repoUrl, sentCredential } from "../domain/repo.ts";
import { retention } from "../domain/source.ts";
import { commandVerbs } from "./topic.ts";

/**
 * Body of a command, signed by the server as `rm-command-v1`. The agent carries it out only when the signature is by the
 * server key pinned at approval, `host` is its own, `verb` equals the subject's tail, `exp` is ahead on server time and
 * `id` was not seen before.
 */
export const command = z.object({
  v: z.literal(1),
  id: ulidText,
  host: hostId,
  verb: z.enum(commandVerbs),
  iat: timestamp,
  exp: timestamp,
  p: z.unknown(),
});
export type Command = z.infer<typeof command>;

/** Bandwidth in KiB per second, restic's `--limit-upload` and `--limit-download`; null or absent: no limit. */
export const bandwidth = z.object({
  up_kbps: z.number().int().positive().nullable(),
  down_kbps: z.number().int().positive().nullable(),
});
export type Bandwidth = z.infer<typeof bandwidth>;

const startOf = {
  job_id: ulidText,
  cfg_rev: z.number().int(),
  /** The epoch the server knows this agent by; another process with the same key must not run it too. */
  epoch,
  /** Of this job alone, instead of the host's. */
  limits: bandwidth.optional(),
};

/**
 * `job.start`. A backup carries nothing secret: group and repository come from the configuration of at least `cfg_rev`.
 * Upkeep carries what opens the repository in `box`, a `maintenanceSecret` sealed to the agent, context
 * `<host>|job|<command id>`, base64url; the agent holds it in memory for this job and nowhere else.
 */
export const jobStart = z.discriminatedUnion("kind", [
  z.object({
    ...startOf,
    kind: z.literal("backup"),
    source_group_id: ulidText,
  }),
  z.object({
    ...startOf,
    kind: z.enum(maintenanceKinds),
    repository_id: ulidText,
    actor: z.enum(jobActors),
    box: z.string(),
  }),
  /** `box` holds a `restoreSecret`, sealed and kept like that of upkeep. */
  z.object({
    ...startOf,
    kind: z.literal("restore"),
    repository_id: ulidText,
    actor: z.enum(jobActors),
    box: z.string(),
  }),
]);
export type JobStart = z.infer<typeof jobStart>;

export const maintenanceSecret = z.object({
  url: repoUrl,
  credential: sentCredential,
  /** restic's own id of the repository, null while unknown: nothing may be removed from another one at this address. */
  restic_id: z.string().nullable().default(null),
  /** forget: each group that has a policy; one without is not here, and the agent refuses an empty one. */
  groups: z
    .array(
      z.object({
        /** restic `--host`; an empty one would be every host. */
        host: z.string().min(1),
        /** restic `--tag`; an empty one would name no group. */
        tag: z.string().min(1),
        retention: z.object(retention.shape),
      }),
    )
    .optional(),
  /** check: percent of the data to read. */
  subset_pct: z.number().min(0).max(100).optional(),
  /** unlock: locks of living processes and of other hosts too. */
  all: z.boolean().optional(),
});
export type MaintenanceSecret = z.infer<typeof maintenanceSecret>;

const opened = { url: repoUrl, credential: sentCredential };

export const restoreSecret = z.object({
  ...opened,
  snapshot_id: snapshotId,
  paths: z.array(z.string()).min(1).max(500),
  target: restoreTarget,
  overwrite: z.enum(overwriteRules),
  /** The folder of the snapshot that becomes the target; null keeps whole paths below it. */
  strip: z.string().nullable(),
  /** What the index says of the chosen files, for the progress of an old restic and the space; null when not known. */
  total_bytes: z.number().nullable(),
});
export type RestoreSecret = z.infer<typeof restoreSecret>;

/** `restore.check`: `box` is a `restoreCheckSecret`, context `<host>|restore-check|<command id>`; answered within 60 s. */
export const restoreCheckCommand = z.object({ box: z.string() });
/** A host that does not use the repository gets nothing to open it with before a restore is decided: then restic is not asked. */
export const restoreCheckSecret = restoreSecret.extend({
  url: repoUrl.nullable(),
  credential: sentCredential.nullable(),
});
export type RestoreCheckSecret = z.infer<typeof restoreCheckSecret>;

/**
 * `dump.start`: stream files of a snapshot to the server. `box` is a `dumpSecret`, context `<host>|dump|<command id>`. The
 * agent dials `GET /api/agents/stream` as a WebSocket with `token` and sends what restic writes.
 */
export const dumpStart = z.object({ box: z.string() });
export const dumpSecret = z.object({
  ...opened,
  snapshot_id: snapshotId,
  paths: z.array(z.string()).min(1).max(100),
  format: z.enum(["raw", "tar", "zip"]),
  /** What the server's index says that a single path is; absent: the agent looks. */
  kind: z.enum(["file", "dir"]).optional(),
  /** One-time, for this stream alone. */
  token: z.string(),
});
export type DumpSecret = z.infer<typeof dumpSecret>;

/**
 * `repo.key`: a further password of a repository, for one restore on another host. `box` is a `repoKeySecret`, context
 * `<host>|repo-key|<command id>`; the answer to `add` names the key by restic's id, `remove` needs access that may delete.
 * `remove` of a key that is not there is no failure. When its id is not known, because the answer to `add` was lost, every
 * key with the label goes.
 */
export const repoKey = z.object({ box: z.string() });
export const repoKeySecret = z.discriminatedUnion("do", [
  z.object({
    ...opened,
    do: z.literal("add"),
    new_password: z.string(),
    /** Of this key alone; shown by `restic key list`. */
    label: z.string(),
  }),
  z.object({
    ...opened,
    do: z.literal("remove"),
    /** restic's own; an empty one would be the beginning of every key's. */
    key_id: z
      .string()
      .regex(/^[0-9a-f]{8,64}$/)
      .nullable(),
    label: z.string(),
  }),
]);
export type RepoKeySecret = z.infer<typeof repoKeySecret>;
export const repoKeyResult = z.object({ key_id: z.string() });

export const jobCancel = z.object({ job_id: ulidText });

export const configChanged = z.object({ rev: z.number().int() });

/** `repo.test`: `box` is a `repoTestSecret` sealed to the agent, context `<host>|repo-test|<command id>`, base64url. */
export const repoTest = z.object({ box: z.string() });
export const repoTestSecret = z.object({
  url: repoUrl,
  credential: sentCredential,
  /** `existing`: must be there. `create`: must not be there, and is initialised. */
  mode: z.enum(["existing", "create"]),
  /** Paths that will be backed up: the agent says which of them do not exist. */
  includes: z.array(z.string()),
});
export type RepoTestSecret = z.infer<typeof repoTestSecret>;

/** What a successful `repo.test` found. */
export const repoTestResult = z.object({
  /** restic's own id of the repository, 64 hex digits. */
  repository_id: z.string(),
  created: z.boolean(),
  snapshot_count: z.number().int(),
  missing_includes: z.array(z.string()),
});
export type RepoTestResult = z.infer<typeof repoTestResult>;

/** Answer to any command. Holds nothing secret: whoever debugs the broker may read it. Signed as `rm-event-v1`. */
export const commandAnswer = z.discriminatedUnion("ok", [
  z.object({ id: z.string(), ok: z.literal(true), result: z.unknown() }),
  z.object({
    id: z.string(),
    ok: z.literal(false),
    code: z.enum(failureCodes),
    message: z.string(),
  }),
]);
export type CommandAnswer = z.infer<typeof commandAnswer>;
