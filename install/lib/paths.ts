import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Absolute path of the repository checkout. */
export const root = resolve(import.meta.dir, "../..");

/** Everything built goes below here; git ignores it. */
export const dist = join(root, "dist");

/** Where work that is slow to repeat is kept between checkouts. */
export const cacheDir = (): string =>
  process.env["RM_CACHE_DIR"] ?? join(homedir(), ".cache", "restic-manager");
