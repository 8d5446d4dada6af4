import { z } from "zod";
import { hookSpec } from "../domain/hook.ts";

/**
 * GET, PUT /api/sources/:id/hooks. Readable with `hooks.edit` only: hooks hold what people put into them, and run as the
 * agent's user. `unreadable`: stored ones cannot be decrypted; backups fail until they are entered again.
 */
export const groupHooks = z.object({
  hooks: hookSpec,
  /** What the host's default would be, where `hooks` inherit. */
  inherited: hookSpec,
  unreadable: z.boolean(),
});
export type GroupHooks = z.infer<typeof groupHooks>;

/** A program and its arguments, which gets the hook's text as its last; null is the system's shell. */
export const hookShell = z
  .array(z.string().min(1).max(1024))
  .min(1)
  .max(8)
  .nullable();

/** GET, PUT /api/hosts/:id/hooks: the defaults of a host's source groups. */
export const hostHooksSpec = hookSpec.extend({ shell: hookShell });
export type HostHooksSpec = z.infer<typeof hostHooksSpec>;
export const hostHooks = z.object({
  hooks: hostHooksSpec,
  unreadable: z.boolean(),
});
export type HostHooks = z.infer<typeof hostHooks>;
