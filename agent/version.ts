declare const BUILD_VERSION: string;
declare const BUILD_COMMIT: string;
declare const BUILD_COMMIT_DATE: string;

/** What this build is; the build sets the three constants, a run from source has none. */
export const build = {
  version:
    typeof BUILD_VERSION === "undefined" ? "0.0.0-source" : BUILD_VERSION,
  commit: typeof BUILD_COMMIT === "undefined" ? "unknown" : BUILD_COMMIT,
  commitDate:
    typeof BUILD_COMMIT_DATE === "undefined" ? "unknown" : BUILD_COMMIT_DATE,
} as const;

export function versionLine(): string {
  return `restic-manager-agent ${build.version} (commit ${build.commit}, ${build.commitDate})`;
}
