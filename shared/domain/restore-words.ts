/** restic writes into the files themselves and sets their times last, so that half a file looks newer than the snapshot's. */
export const brokenOff =
  "Files that were being written may be incomplete: restore again with “Replace files that differ”, because a rule that keeps files keeps these too.";

/** Said of a restore that ended before it wrote anything, and known by it: counts do not tell, for half a file counts as none. */
export const nothingRestored = "Nothing was restored.";
