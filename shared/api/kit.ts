import { z } from "zod";

/**
 * POST /api/kit → a file to download: one page with everything that brings backups back with plain restic, when this server is
 * gone. With a passphrase it is encrypted in the age format (`age --decrypt`, https://age-encryption.org); without one
 * it is the page itself, to be printed. The user's own password is asked again.
 */
export const kitBody = z.strictObject({
  password: z.string().max(1024),
  passphrase: z
    .string()
    .min(
      12,
      "Use at least 12 characters: whoever has the file may try for ever.",
    )
    .max(1024)
    .optional(),
});
export type KitBody = z.infer<typeof kitBody>;
