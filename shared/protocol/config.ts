import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { sentCredential } from "../domain/repo.ts";
import { noHooks } from "../domain/hook.ts";
import { retention, retryPolicy, sourceOptions } from "../domain/source.ts";
import { bandwidth } from "./command.ts";

/**
 * Desired state of one host. The server only hints (`cmd.cfg.changed`, or a newer `cfg_rev` in an answer); the agent
 * fetches the whole of it with `req.cfg.get`, applies it atomically and keeps it as last known good.
 */
export const configBundle = z.object({
  host: hostId,
  /** Only ever grows; an agent refuses an older one. */
  rev: z.number().int().positive(),
  /**
   * Further URLs of the server, to be tried when the one the agent was enrolled with does not answer. A configuration
   * that was kept before there were any has none.
   */
  addresses: z.array(z.string()).default([]),
  /** Of every restic call of this host. A configuration from before there were any has none. */
  limits: bandwidth.default({ up_kbps: null, down_kbps: null }),
  /** Whether what is in new snapshots is told to the server. */
  index: z.boolean().default(true),
  /** How hooks are run: a program and its arguments, before the hook's text; null is the system's shell. */
  hook_shell: z.array(z.string()).nullable().default(null),
  repositories: z.array(
    z.object({
      id: ulidText,
      name: z.string(),
      url: z.string(),
      credential: sentCredential,
    }),
  ),
  groups: z.array(
    z.object({
      id: ulidText,
      name: z.string(),
      repository_id: ulidText,
      includes: z.array(z.string()),
      excludes: z.array(z.string()),
      options: z.object(sourceOptions.shape),
      retention: z.object(retention.shape),
      retry: z.object(retryPolicy.shape).default({ max: 0, backoff_s: 60 }),
      /** What applies to this group, its own or the host's; null is none. */
      hooks: z
        .object({
          pre: z.string().nullable(),
          post: z.string().nullable(),
          timeout_s: z.number().int().positive(),
          /** The server could not decrypt one: a backup must fail instead of running without it. */
          unreadable: z.boolean(),
        })
        .default(noHooks),
    }),
  ),
  schedules: z.array(
    z.object({
      id: ulidText,
      cron: z.string(),
      enabled: z.boolean(),
      group_ids: z.array(ulidText),
    }),
  ),
});
export type ConfigBundle = z.infer<typeof configBundle>;

/** `req.cfg.get`, signed as `rm-request-v1`. */
export const configRequest = z.object({
  host: hostId,
  t: timestamp,
  have: z.number().int(),
});
export type ConfigRequest = z.infer<typeof configRequest>;

/** Signed as `rm-reply-v1`. `box` is the bundle's JSON sealed to the agent, context `<host>|config|<rev>`, base64url. */
export const configAnswer = z.object({
  host: hostId,
  t: timestamp,
  rev: z.number().int(),
  box: z.string(),
});
export type ConfigAnswer = z.infer<typeof configAnswer>;
