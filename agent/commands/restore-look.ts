import { join, posix } from "node:path";
import type { OverwriteRule } from "@restic-manager/shared/domain/restore.ts";
import { z } from "zod";
import { FailureError } from "../failure-error.ts";
import { isNoFolder, isThere } from "../platform/target-folder.ts";
import type { ResticMessage } from "../restic/messages.ts";
import { snapshotPath } from "../restic/snapshot-words.ts";
import type { RestorePart } from "./restore-place.ts";

/** What a dry run finds, by paths of the snapshot. */
export interface Looked {
  /** Files and links that are not there yet. */
  readonly restored: number;
  /** Those that something gives way to. */
  readonly updated: number;
  readonly unchanged: number;
  readonly bytes: number;
  /** The first ones that would be overwritten, what lies in the way of a folder before all others. */
  readonly overwritten: readonly string[];
  /** Where the snapshot has a folder and something else is now, which restic removes by any rule. */
  readonly inTheWay: readonly string[];
  readonly foundNothing: boolean;
  /** Whether all that restic could not look at lies where something is in the way. */
  readonly errorsAreExplained: boolean;
}

export interface Look {
  /** Takes what a dry run of one part says. */
  of(part: RestorePart): (message: ResticMessage, line: string) => void;
  found(): Looked;
}

const named = 50;
const unchangedItem = z.object({
  item: z.string(),
  size: z.number().default(0),
});

/**
 * Adds up what dry runs say. restic follows links where it only looks, and says of links, second names of a file and folders
 * that they are restored, whatever is there: this looks itself.
 */
export function createLook(rule: OverwriteRule): Look {
  const overwritten: string[] = [];
  const inTheWay: string[] = [];
  /** Taken for links and the like. An error in a folder may come after the folder, for it comes by another stream. */
  const uncertain = new Set<string>();
  let [restored, updated, unchanged, bytes, items] = [0, 0, 0, 0, 0];
  let [errors, explained] = [0, 0];

  function makesRoom(path: string): void {
    inTheWay.push(path);
    if (!uncertain.delete(path)) return;
    updated--;
    const at = overwritten.indexOf(path);
    if (at !== -1) overwritten.splice(at, 1);
  }

  function of({ folder, base, includes }: RestorePart): ReturnType<Look["of"]> {
    const chosen = new Set(includes);
    /** Folders of the snapshot, and whether they, or one above them, have to make room first. */
    const folders = new Map<string, boolean>([
      ["/", false],
      [".", false],
    ]);

    function isChosen(path: string): boolean {
      if (chosen.size === 0 || chosen.has(path)) return true;
      const above = posix.dirname(path);
      return above !== path && isChosen(above);
    }

    /** restic makes the folder of each file, and all chosen ones; it follows links above these. */
    function isObstructed(path: string): boolean {
      const known = folders.get(path);
      if (known !== undefined) return known;
      const above = posix.dirname(path);
      const isBelowOne = isChosen(above)
        ? isObstructed(above)
        : (folders.get(above) ?? false);
      const is = isBelowOne || isNoFolder(join(folder, path));
      if (is && !isBelowOne) makesRoom(posix.join(base, path));
      folders.set(path, is);
      return is;
    }

    function comesAnew(size: number): void {
      restored++;
      bytes += size;
    }

    function gives(path: string, size: number): void {
      updated++;
      bytes += size;
      if (overwritten.length < named) overwritten.push(posix.join(base, path));
    }

    return (message, line) => {
      if (message.type === "unchanged") {
        items++;
        const { item, size } = unchangedItem.parse(JSON.parse(line));
        if (isObstructed(posix.dirname(snapshotPath(item)))) comesAnew(size);
        else unchanged++;
      }
      if (message.type === "error") {
        errors++;
        if (message.path === null) return;
        const path = snapshotPath(message.path);
        if (!isChosen(path)) return;
        if (!isObstructed(posix.dirname(path))) return;
        explained++;
        comesAnew(0);
      }
      if (message.type !== "restored") return;
      items++;
      const { action, size } = message;
      const path = snapshotPath(message.path);
      // Folders come after what is in them, and look like empty files.
      if (size === 0 && (folders.has(path) || !isChosen(path))) return;
      const isBelowOne = isObstructed(posix.dirname(path));
      if (isBelowOne) return comesAnew(size);
      const at = join(folder, path);
      if (action === "updated") gives(path, size);
      else if (!isThere(at)) comesAnew(size);
      else if (size > 0) gives(path, size);
      else if (isNoFolder(at)) {
        // This rule leaves all else alone: what comes is an empty folder.
        if (rule === "never") isObstructed(path);
        else {
          gives(path, size);
          uncertain.add(posix.join(base, path));
        }
      }
    };
  }

  return {
    of,
    found: () => ({
      restored,
      updated: updated + inTheWay.length,
      unchanged,
      bytes,
      overwritten: [...inTheWay, ...overwritten].slice(0, named),
      inTheWay,
      foundNothing: items + errors === 0,
      errorsAreExplained: errors > 0 && errors === explained,
    }),
  };
}

/** Refuses what a rule does not allow. Throws `FailureError`. */
export function refuseInTheWay(
  rule: OverwriteRule,
  inTheWay: Looked["inTheWay"],
): void {
  if (rule !== "never" || inTheWay.length === 0) return;
  throw new FailureError(
    "target_refused",
    `${someOf(inTheWay)} would have to make room, because the snapshot has a folder there, and what is there is to be kept; nothing was restored. Move it away, choose another rule, or restore into a new folder.`,
  );
}

export function someOf(paths: readonly string[]): string {
  const first = paths.slice(0, 5).join(", ");
  return paths.length > 5 ? `${first} and ${paths.length - 5} more` : first;
}
