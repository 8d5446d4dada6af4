import { existsSync, rmSync } from "node:fs";
import { fromBase64Url } from "@restic-manager/shared/identity/keys.ts";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import { z } from "zod";
import { editConfig, newSecretsKey } from "../config.ts";
import type { AgentPaths } from "../platform/paths.ts";
import type { Random } from "../random.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";

/** A repository as an agent.yaml of the first generation held it, in clear. */
const oldRepository = z.object({
  repository: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
});
export type OldRepository = z.infer<typeof oldRepository>;

const context = "rm-agent-old-repository";
const names = Object.keys(oldRepository.shape);

/**
 * Moves the repository out of agent.yaml into a sealed file. Each step is on disk before the next, so that a crash leaves it in
 * one of the two. False when there is none, or the file is not one that can be edited.
 */
export function moveOldRepository(paths: AgentPaths, random: Random): boolean {
  let found: OldRepository = {};
  editConfig(paths.config, (document) => {
    const entries = names.flatMap((name) =>
      document.has(name) ? [[name, String(document.get(name))]] : [],
    );
    found = oldRepository.parse(Object.fromEntries(entries));
    if (entries.length > 0 && !document.has("secrets_key"))
      document.set("secrets_key", newSecretsKey(random.bytes(32)));
    return entries.length > 0;
  });
  if (Object.keys(found).length === 0) return false;
  editConfig(paths.config, (document) => {
    const key = fromBase64Url(String(document.get("secrets_key")));
    if (key?.length !== 32) return false;
    const sealing = { path: paths.oldRepository, key, context };
    writeSealed(sealing, JSON.stringify(found), random);
    for (const name of names) document.delete(name);
    return true;
  });
  return existsSync(paths.oldRepository);
}

/** Null when there is none, or it does not open. */
export function readOldRepository(
  { oldRepository: path }: AgentPaths,
  secretsKey: string,
): OldRepository | null {
  const key = fromBase64Url(secretsKey);
  if (key === null || !existsSync(path)) return null;
  return parseJson(readSealed({ path, key, context }) ?? "", oldRepository);
}

/** Forgets the repository once the server's configuration has it. */
export function dropOldRepository(
  paths: AgentPaths,
  secretsKey: string,
  known: readonly { readonly url: string }[],
): void {
  const old = readOldRepository(paths, secretsKey);
  if (known.some(({ url }) => url === old?.repository))
    rmSync(paths.oldRepository);
}
