import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../lib/paths.ts";

/** Every file that git tracks or would track, relative to the repository. */
export const repositoryFiles = (): readonly string[] =>
  spawnSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  })
    .stdout.split("\0")
    .filter((path) => path !== "");

/** Source without its comments, so that a comment may name what code may not use. */
export const code = (path: string): string =>
  readFileSync(join(root, path), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(^|\s)\/\/.*$/gm, "$1");
