import { z } from "zod";

/** Lower-case, no spaces or commas: it is the restic tag of the group's snapshots. */
export const groupName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    "Use 1 to 64 lower-case letters, digits, dots, dashes or underscores.",
  );

export const includePath = z
  .string()
  .min(1, "Name a path.")
  .max(4096)
  .regex(/^(\/|[A-Za-z]:[\\/])/, "Use an absolute path.");

/** Which snapshots `forget` keeps; every field absent keeps everything. `within*` are restic durations (`1y6m`, `30d`). */
export const retention = z.strictObject({
  last: z.number().int().positive().optional(),
  hourly: z.number().int().positive().optional(),
  daily: z.number().int().positive().optional(),
  weekly: z.number().int().positive().optional(),
  monthly: z.number().int().positive().optional(),
  yearly: z.number().int().positive().optional(),
  within: z
    .string()
    .regex(/^(\d+[ymdh])+$/)
    .optional(),
  tags: z.array(z.string()).optional(),
});
export type Retention = z.infer<typeof retention>;

export const sourceOptions = z.strictObject({
  /** restic `--exclude-caches`: skip folders with a CACHEDIR.TAG. */
  exclude_caches: z.boolean().default(true),
  /** restic `--one-file-system`: do not cross mount points. */
  one_file_system: z.boolean().default(false),
});

/** What to back up and how long to keep it. */
export const sourceGroupSpec = z.strictObject({
  name: groupName,
  includes: z.array(includePath).min(1, "Name at least one path.").max(500),
  excludes: z.array(z.string().min(1).max(4096)).max(1000).default([]),
  options: sourceOptions.default({
    exclude_caches: true,
    one_file_system: false,
  }),
});
export type SourceGroupSpec = z.infer<typeof sourceGroupSpec>;
