import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DamagedError } from "../damaged-error.ts";
import type { AgentPaths } from "./paths.ts";
import { makePrivateFolder } from "./private-folder.ts";
import { removeLeftovers } from "./replace-file.ts";

const { R_OK, W_OK, X_OK } = constants;
const superuser = process.platform === "win32" ? "an administrator" : "root";

/**
 * Throws `DamagedError` when what this host keeps may not be read: it would pass for a host that keeps nothing. What is not
 * there is fine.
 */
export function checkReadable({ state, config }: AgentPaths): void {
  useState(state, () => unlessMissing(() => accessSync(state, R_OK | X_OK)));
  useConfig(config, () => unlessMissing(() => void readFileSync(config)));
}

/**
 * Makes the folders that are missing. Returns those that Windows did not close to other users. Throws `DamagedError` when
 * one cannot be made, or the state cannot be written.
 */
export function makeFolders({ state, config }: AgentPaths): string[] {
  const open: string[] = [];
  const make = (folder: string) => {
    if (!makePrivateFolder(folder)) open.push(folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  };
  useConfig(config, () => make(dirname(config)));
  useState(state, () => {
    make(state);
    accessSync(state, R_OK | W_OK | X_OK);
  });
  return open;
}

/** Removes what an agent that was killed left behind half written. For who holds the lock. */
export function clearLeftovers(paths: AgentPaths): void {
  const { state, bin, config, tmp, cache } = paths;
  for (const folder of [state, bin, dirname(config)])
    if (existsSync(folder)) removeLeftovers(folder);
  rmSync(tmp, { recursive: true, force: true });
  // Each check of restic fills a cache of its own, which one that was killed leaves behind.
  for (const name of existsSync(cache) ? readdirSync(cache) : [])
    if (name.startsWith("restic-check-cache-"))
      rmSync(join(cache, name), { recursive: true, force: true });
}

/** Throws `DamagedError` when agent.yaml could not be replaced. */
export function checkConfigWritable({ config }: AgentPaths): void {
  useConfig(config, () => accessSync(dirname(config), W_OK | X_OK));
}

function useState(folder: string, work: () => void): void {
  use(`state folder ${folder}`, "--state-dir", work);
}

function useConfig(file: string, work: () => void): void {
  use(`configuration file ${file}`, "--config", work);
}

function use(what: string, option: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DamagedError(
      `The ${what} cannot be used (${code ?? message}). Run as ${superuser}, or name another with ${option}.`,
    );
  }
}

function unlessMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
