import { arch, platform } from "node:process";
import rootPackage from "../package.json" with { type: "json" };

declare const BUILD_COMMIT: string;
declare const BUILD_COMMIT_DATE: string;

/** What this build is. The version is the repository's; a run from source has no commit. */
export const build = {
  version: rootPackage.version,
  commit: typeof BUILD_COMMIT === "undefined" ? "uncommitted" : BUILD_COMMIT,
  commitDate:
    typeof BUILD_COMMIT_DATE === "undefined" ? "unknown" : BUILD_COMMIT_DATE,
  os: platform,
  arch,
} as const;

export function versionLine(): string {
  return `restic-manager-server ${build.version} (commit ${build.commit}, ${build.commitDate})`;
}
