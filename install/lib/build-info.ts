import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./paths.ts";
import { run } from "./run.ts";

export type BuildInfo = {
  readonly version: string;
  /** Twelve hex digits, "+dirty" after them when files differ; "unknown" outside git. */
  readonly commit: string;
  /** ISO 8601 in UTC, or "unknown" outside git. A build date would make builds differ. */
  readonly commitDate: string;
};

const git = async (...args: string[]): Promise<string | undefined> => {
  const result = await run("git", args, { cwd: root, env: { TZ: "UTC" } });
  return result.code === 0 ? result.stdout.trim() : undefined;
};

export const buildInfo = async (): Promise<BuildInfo> => {
  const { version } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as { version: string };
  const commit = await git("rev-parse", "--short=12", "HEAD");
  const date = await git(
    "log",
    "-1",
    "--format=%cd",
    "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
  );
  if (commit === undefined || date === undefined)
    return { version, commit: "unknown", commitDate: "unknown" };
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  const suffix = changes === "" ? "" : "+dirty";
  return { version, commit: commit + suffix, commitDate: date };
};
