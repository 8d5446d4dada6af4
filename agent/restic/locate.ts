import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { parseJson } from "@restic-manager/shared/identity/signed.ts";
import {
  atLeast,
  oldestRestic,
} from "@restic-manager/shared/domain/restic-version.ts";
import type { ResticInfo } from "@restic-manager/shared/protocol/hello.ts";
import { FailureError } from "../failure-error.ts";
import { childEnv, type Env } from "../platform/env.ts";
import { replaceFile } from "../platform/replace-file.ts";
import type { Spawner } from "../platform/spawn.ts";
import { parseVersion } from "./restic-version.ts";

/** What the build puts beside the embedded executable (`assets/bin`). */
const manifest = z.object({
  name: z.literal("restic"),
  version: z.string(),
  sha256: z.string(),
  size: z.number(),
});
type Manifest = z.infer<typeof manifest>;

export interface ResticLocator {
  /** Which restic is used. A problem is looked at anew on each call, so that repairing it needs no restart. */
  info(): Promise<ResticInfo>;
  /** The restic to run. Throws `restic_missing`. */
  require(): Promise<{ path: string; version: string }>;
}

export interface ResticLocatorDeps {
  readonly spawner: Spawner;
  readonly env: Env;
  /** Folder with `bin/manifest.json` and `bin/restic.zst`; they may be absent when run from source. */
  readonly assetsDir: string;
  /** Private folder that the embedded executable is written to. */
  readonly binDir: string;
  /** False to write nothing: an embedded restic that is not extracted yet is known by its manifest alone. */
  readonly mayExtract: boolean;
  /** `restic_path` of agent.yaml. */
  readonly override: string | undefined;
}

export function createResticLocator(deps: ResticLocatorDeps): ResticLocator {
  let found: ResticInfo | undefined;

  async function info(): Promise<ResticInfo> {
    if (found?.problem !== null) found = await find(deps);
    return found;
  }

  return {
    info,
    async require() {
      const { path, version, problem } = await info();
      if (problem !== null || version === null)
        throw new FailureError("restic_missing", problem ?? undefined);
      return { path, version };
    },
  };
}

async function find(deps: ResticLocatorDeps): Promise<ResticInfo> {
  const { override, assetsDir, binDir, mayExtract } = deps;
  if (override !== undefined) return checked(deps, "override", override, null);
  const embedded = readManifest(assetsDir);
  if (embedded !== null) {
    const { version, sha256 } = embedded;
    const path = extractedPath(binDir, embedded);
    if (!isIntact(path, embedded)) {
      if (!mayExtract)
        return { source: "embedded", path, version, sha256, problem: null };
      extract(assetsDir, path, embedded);
    }
    return checked(deps, "embedded", path, sha256);
  }
  const onPath = searchPath(deps.env);
  if (onPath !== null) return checked(deps, "path", onPath, null);
  const problem =
    "This agent carries no restic and none is on PATH. Install restic, or set restic_path in agent.yaml.";
  return { source: "path", path: "", version: null, sha256: null, problem };
}

async function checked(
  deps: ResticLocatorDeps,
  source: ResticInfo["source"],
  path: string,
  sha256: string | null,
): Promise<ResticInfo> {
  const { version, problem } = await versionOf(deps, path);
  const blame = source === "override" ? `restic_path ${path}` : path;
  return {
    source,
    path,
    version,
    sha256,
    problem: problem === null ? null : `${blame} ${problem}`,
  };
}

async function versionOf({ spawner, env }: ResticLocatorDeps, path: string) {
  if (!existsSync(path))
    return {
      version: null,
      problem: "does not exist. Correct or remove restic_path in agent.yaml.",
    };
  const lines: string[] = [];
  const { code, startError } = await spawner.start({
    file: path,
    args: ["version"],
    env: childEnv(env),
    onLine: (_stream, line) => lines.push(line),
  }).exited;
  const version = parseVersion(lines[0] ?? "");
  const said = startError ?? lines.join(" ").trim();
  if (/EACCES|permission denied/i.test(said))
    return {
      version: null,
      problem:
        "may not be executed: its folder is mounted noexec, or the file is not executable. Choose another --state-dir, or set restic_path in agent.yaml.",
    };
  if (code !== 0 || version === null)
    return {
      version: null,
      problem: `is no working restic (${said === "" ? `exit code ${code}` : said}).`,
    };
  return atLeast(version, oldestRestic)
    ? { version, problem: null }
    : {
        version,
        problem: `is restic ${version}; at least ${oldestRestic} is needed.`,
      };
}

function readManifest(assetsDir: string): Manifest | null {
  const path = join(assetsDir, "bin", "manifest.json");
  return existsSync(path)
    ? parseJson(readFileSync(path, "utf8"), manifest)
    : null;
}

/** Named by its hash, so versions never mix. */
function extractedPath(binDir: string, { sha256 }: Manifest): string {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return join(binDir, `restic-${sha256.slice(0, 12)}${suffix}`);
}

function extract(assetsDir: string, path: string, { sha256 }: Manifest): void {
  const executable = Bun.zstdDecompressSync(
    readFileSync(join(assetsDir, "bin", "restic.zst")),
  );
  if (hash(executable) !== sha256)
    throw new Error(
      "the embedded restic does not match its manifest: this agent's file is damaged, download it again",
    );
  replaceFile(path, executable, 0o755);
  // Gives back what decompressing took; the agent then idles for days.
  Bun.gc(true);
}

function isIntact(path: string, { size, sha256 }: Manifest): boolean {
  if (!existsSync(path)) return false;
  const stat = lstatSync(path);
  return stat.isFile() && stat.size === size && hashFile(path) === sha256;
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** In pieces: the executable is larger than the agent's whole memory. */
function hashFile(path: string): string {
  const hasher = createHash("sha256");
  const piece = new Uint8Array(1024 * 1024);
  const file = openSync(path, "r");
  try {
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece))
      hasher.update(piece.subarray(0, n));
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}

function searchPath(env: Env): string | null {
  const name = process.platform === "win32" ? "restic.exe" : "restic";
  const folders = (env["PATH"] ?? "").split(delimiter).filter((f) => f !== "");
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? null;
}
