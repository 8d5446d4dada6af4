import { z } from "zod";
import { hostId, timestamp, ulidText } from "../domain/ids.ts";
import { sentCredential } from "../domain/repo.ts";
import { retention, sourceOptions } from "../domain/source.ts";

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
