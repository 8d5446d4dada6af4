import type { Retention } from "./source.ts";

/** A policy that keeps nothing in particular keeps everything; tags alone are no policy. */
export function isEmptyRetention(policy: Retention): boolean {
  return Object.entries(policy).every(
    ([rule, value]) => rule === "tags" || value === undefined,
  );
}
