import { z } from "zod";

/** Text of a hook: a script for the host's shell, run as the agent's user. */
const hookText = z
  .string()
  .max(
    16_384,
    "Use at most 16,384 characters; put longer ones into a script file.",
  )
  .refine((text) => !text.includes("\0"), "Leave out the NUL character.");

export const defaultHookTimeoutS = 600;

/** What runs around a backup. Of a group: null is the host's default, empty text is nothing. Of a host: both are nothing. */
export const hookSpec = z.strictObject({
  pre: hookText.nullable(),
  post: hookText.nullable(),
  /** Seconds after which a hook is ended. */
  timeout_s: z.number().int().min(1).max(86_400).default(defaultHookTimeoutS),
});
export type HookSpec = z.infer<typeof hookSpec>;

/** `RM_JOB_STATUS` of a post-hook. */
export const hookStatuses = ["succeeded", "failed"] as const;

export const noHooks = {
  pre: null,
  post: null,
  timeout_s: defaultHookTimeoutS,
  unreadable: false,
};
