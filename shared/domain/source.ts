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

/** Of one part of a pattern between separators, as Go's `filepath.Match` takes it, which fails the backup otherwise. */
const unixPart =
  /^(?:[^\\[]|\\.|\[(?:\^|(?!\^))(?:(?:[^\\\]-]|\\.)(?:-(?:[^\\\]-]|\\.))?)+\])*$/su;
const windowsPart = /^(?:[^[]|\[(?:\^|(?!\^))(?:[^\]-](?:-[^\]-])?)+\])*$/su;

/** A restic pattern that holds on some platform: which one it is for, is not known here. */
const excludePattern = z
  .string()
  .min(1)
  .max(4096)
  .refine(
    (pattern) =>
      pattern.split("/").every((part) => unixPart.test(part)) ||
      (/^!?[a-z]:/i.test(pattern) &&
        pattern.split(/[\\/]/).every((part) => windowsPart.test(part))),
    "restic cannot read this pattern: close every [ with ], with something in between, or write \\[ for the character itself.",
  );

const keep = z
  .number()
  .int()
  .min(1, "Use a whole number from 1, or leave it empty.")
  .max(9999);
const within = z
  .string()
  .trim()
  .regex(
    /^(?=.)(\d+y)?(\d+m)?(\d+d)?(\d+h)?$/,
    "Use a duration such as 30d, 6m or 1y6m.",
  )
  .refine((text) => /[1-9]/.test(text), "Use a duration longer than nothing.");

/**
 * Which snapshots `forget` keeps, by restic's own options of these names; every field absent keeps everything. `within*`
 * are restic durations (`1y6m`, `30d`), counted back from the newest snapshot.
 */
export const retention = z.strictObject({
  last: keep.optional(),
  hourly: keep.optional(),
  daily: keep.optional(),
  weekly: keep.optional(),
  monthly: keep.optional(),
  yearly: keep.optional(),
  within: within.optional(),
  within_hourly: within.optional(),
  within_daily: within.optional(),
  within_weekly: within.optional(),
  within_monthly: within.optional(),
  within_yearly: within.optional(),
  /** Snapshots with one of these tags stay. */
  tags: z.array(z.string().min(1).max(64)).max(20).optional(),
});
export type Retention = z.infer<typeof retention>;

/** Of a fire that could not start because the repository or restic could not be used. */
export const retryPolicy = z.strictObject({
  /** 0: no further attempt. */
  max: z.number().int().min(0).max(10).default(3),
  /** Seconds before the first further attempt; doubles each time, up to half an hour. */
  backoff_s: z.number().int().min(10).max(1800).default(60),
});
export type RetryPolicy = z.infer<typeof retryPolicy>;

export const sourceOptions = z.strictObject({
  /** restic `--exclude-caches`: skip folders with a CACHEDIR.TAG. */
  exclude_caches: z.boolean().default(true),
  /** restic `--one-file-system`: do not cross mount points. */
  one_file_system: z.boolean().default(false),
});

/** What to back up and how long to keep it. */
const groupFields = z.strictObject({
  name: groupName,
  includes: z.array(includePath).min(1, "Name at least one path.").max(500),
  excludes: z.array(excludePattern).max(1000).default([]),
  options: sourceOptions.default({
    exclude_caches: true,
    one_file_system: false,
  }),
  /** Absent keeps what is stored; `{}` keeps every snapshot. */
  retention: retention.optional(),
  retry: retryPolicy.optional(),
  /** Absent or null: the host's default repository. */
  repository_id: z.string().nullable().optional(),
});

/** What stood in `revision` when an editor was opened; absent: whatever is stored is replaced. */
export const seenRevision = z.string().max(64).optional();

export const sourceGroupSpec = groupFields.superRefine(refuseOverlaps);
export const sourceGroupChange = groupFields
  .extend({ revision: seenRevision })
  .superRefine(refuseOverlaps);
export type SourceGroupChange = z.infer<typeof sourceGroupChange>;
/** Of a host that is set up: its repository is the one that is joined with it. */
export const firstSourceGroupSpec = groupFields
  .omit({ repository_id: true })
  .superRefine(refuseOverlaps);
export type SourceGroupSpec = z.infer<typeof sourceGroupSpec>;

/**
 * A path that is named twice, or lies within another, would be read twice for nothing. Across the border of a file
 * system it is what makes restic go there at all.
 */
function refuseOverlaps(
  {
    includes,
    options,
  }: Pick<z.infer<typeof groupFields>, "includes" | "options">,
  context: z.core.$RefinementCtx,
): void {
  const folders = includes.map(asFolder);
  for (const [i, folder] of folders.entries()) {
    const twice = folders.indexOf(folder) < i;
    const outer = options.one_file_system
      ? -1
      : folders.findIndex(
          (other) => other !== folder && folder.startsWith(other),
        );
    if (!twice && outer < 0) continue;
    context.addIssue({
      code: "custom",
      path: ["includes", i],
      message: twice
        ? "This path is named twice; leave it out."
        : `${includes[i]} lies within ${includes[outer]}, which is backed up as a whole; leave it out.`,
    });
  }
}

/** A path to be compared: with one kind of separator, which also ends it; Windows knows no letter case. */
export function asFolder(path: string): string {
  const isWindows = /^[A-Za-z]:/.test(path);
  const text = isWindows ? path.replaceAll("\\", "/").toLowerCase() : path;
  return `${text.replaceAll(/\/+/g, "/").replace(/\/$/, "")}/`;
}
