/** Oldest restic that agents work with. */
export const oldestRestic = "0.14.0";
/** From this one on nothing is missing. */
export const recommendedRestic = "0.18.0";

export function atLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) =>
    text.split(".").map(Number),
  );
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (need?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** What a restic older than `below` cannot do, for people. Each is looked at with real ones: `install/compat`. */
export const resticLimits = {
  lock_wait: {
    below: "0.16.0",
    text: "It does not wait for a locked repository; the agent tries again instead, and starts a little later.",
  },
  snapshot_size: {
    below: "0.17.0",
    text: "It does not tell the size and the number of files of its snapshots.",
  },
  added_packed: {
    below: "0.17.0",
    text: "It does not tell how much a backup added after compression.",
  },
  reasons: {
    below: "0.17.0",
    text: "It has one exit code for every failure; the reason is recognised by its words, and now and then is only “restic failed”.",
  },
  disk_full: {
    below: "0.18.0",
    text: "It goes on trying for minutes when a rest-server has no space left, before the backup fails.",
  },
} as const satisfies Record<
  string,
  { readonly below: string; readonly text: string }
>;
export type ResticLimit = keyof typeof resticLimits;

/** What the restic of a host cannot do; nothing for one that is not known. */
export function limitsOf(version: string | null): ResticLimit[] {
  if (version === null) return [];
  return (Object.keys(resticLimits) as ResticLimit[]).filter(
    (limit) => !atLeast(version, resticLimits[limit].below),
  );
}
