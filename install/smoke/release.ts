import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";

import { output } from "../e2e/rig/repository.ts";
import { dist, root } from "../lib/paths.ts";
import { must, run } from "../lib/run.ts";
import { say } from "../lib/step.ts";
import { hostTarget, targetName } from "../lib/targets.ts";

export const serverName = "restic-manager-server";
export const agentName = "restic-manager-agent";
const names = [serverName, agentName];

/** Both executables of one release, in one folder as its archive has them. */
export type Release = {
  readonly dir: string;
  /** What the server's `--version` prints. */
  readonly version: string;
};

/** @throws Error when an executable is missing or does not run here. */
export const releaseIn = async (
  dir: string,
  remedy: string,
): Promise<Release> => {
  const said: string[] = [];
  for (const name of names) {
    const file = join(dir, name);
    if (!existsSync(file)) throw new Error(`${file} is missing: ${remedy}`);
    const { code, stdout, stderr } = await output(file, ["--version"], {});
    if (code !== 0) throw new Error(`${file} --version: ${code} ${stderr}`);
    said.push(stdout.trim().replace(/^\S+ /, ""));
  }
  const [version = "", other] = said;
  if (version !== other)
    throw new Error(
      `${dir} holds a server ${version} and an agent ${other}: they are of two releases`,
    );
  return { dir, version };
};

const git = async (...args: string[]): Promise<string> =>
  (await must("git", args, { cwd: root })).trim();

const migrationsOf = async (commit: string): Promise<number | undefined> => {
  const { code, stdout } = await run(
    "git",
    ["ls-tree", "--name-only", commit, "server/db/migrations/"],
    { cwd: root },
  );
  return code === 0 ? stdout.match(/\/\d{4}-[^/]+\.ts$/gm)?.length : undefined;
};

/** The newest commit whose database has an older schema than HEAD's; HEAD where there was none. */
export const lastSchema = async (): Promise<string> => {
  const now = await migrationsOf("HEAD");
  const touching = await git(
    "log",
    "--first-parent",
    "--format=%H",
    "--",
    "server/db/migrations",
  );
  for (const commit of touching.split("\n")) {
    const before = await migrationsOf(`${commit}^`);
    if (before !== now) return before === undefined ? "HEAD" : `${commit}^`;
  }
  return "HEAD";
};

/** Builds the executables of a revision, once for each commit; gives their folder. */
export const buildRevision = async (revision: string): Promise<string> => {
  const commit = await git(
    "rev-parse",
    "--verify",
    "--short=12",
    `${revision}^{commit}`,
  );
  const dir = join(dist, "smoke", commit);
  if (existsSync(dir)) return dir;

  say(`build ${commit}, which is then kept in dist/smoke`);
  const source = join(dist, "smoke", `source-${commit}`);
  mkdirSync(join(dist, "smoke"), { recursive: true });
  await git("worktree", "add", "--force", "--detach", source, commit);
  try {
    const bun = (...args: string[]): Promise<string> =>
      must(process.execPath, args, { cwd: source });
    await bun("install", "--frozen-lockfile");
    // What both revisions embed alike comes from the cache folder.
    await bun("install/build.ts", "--host", "--without", "nats");
    // The folder's name appears when both are in it.
    const partial = `${dir}.${process.pid}`;
    mkdirSync(partial);
    for (const name of names)
      copyFileSync(
        join(source, "dist", targetName(hostTarget()), name),
        join(partial, name),
      );
    renameSync(partial, dir);
  } finally {
    await git("worktree", "remove", "--force", source);
  }
  return dir;
};
