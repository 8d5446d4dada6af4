/** Exclude patterns people pick by a word instead of writing them. */
export const excludePresets = {
  caches: ["**/.cache", "**/Cache", "**/Caches", "**/__pycache__", "*.tmp"],
  node_modules: ["**/node_modules"],
  trash: [
    "**/.Trash-*",
    "**/.local/share/Trash",
    "**/$RECYCLE.BIN",
    "**/lost+found",
  ],
} as const;
export type ExcludePreset = keyof typeof excludePresets;
