import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { buildKey, goBuild } from "./go.ts";
import { cacheDir, dist } from "./paths.ts";
import { pinnedVersion, type Program } from "./programs.ts";
import { run } from "./run.ts";
import { say } from "./step.ts";
import { hostTarget, sameTarget, targetName, type Target } from "./targets.ts";

/** A third-party executable, ready to be copied or embedded. */
export type Binary = {
  readonly program: Program;
  readonly target: Target;
  readonly version: string;
  readonly path: string;
};

/** What the product reads beside the payload it unpacks. */
type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly os: string;
  readonly arch: string;
  /** Of the uncompressed executable, hex. */
  readonly sha256: string;
  /** Of the uncompressed executable, bytes. */
  readonly size: number;
};

const builtBinary = async (
  program: Program,
  target: Target,
  go: string,
): Promise<Binary> => {
  const version = pinnedVersion(program);
  const name = `${program.name}-${version}-${targetName(target)}-${buildKey(program, go)}`;
  const dir = join(cacheDir(), "third-party", name);
  const path = join(dir, program.name);
  if (!existsSync(path)) {
    say(`build ${program.name} ${version} for ${targetName(target)}`);
    mkdirSync(dir, { recursive: true });
    // Renamed into place, so that a second build at the same moment sees all of it or nothing.
    const partial = `${path}.${process.pid}`;
    await goBuild(program, target, partial);
    renameSync(partial, path);
  }
  return { program, target, version, path };
};

const newEnough = (version: string, minimum: string): boolean =>
  Bun.semver.satisfies(version, `>=${minimum}`);

const binaryOnPath = async (program: Program): Promise<Binary | undefined> => {
  for (const name of program.onPath) {
    const path = Bun.which(name);
    if (path === null) continue;
    const { stdout } = await run(path, program.versionArgs);
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
    if (version !== undefined && newEnough(version, program.minimum))
      return { program, target: hostTarget(), version, path };
  }
  return undefined;
};

/**
 * The program for a target: built when there is a Go toolchain, otherwise
 * (this machine's target only) taken from PATH.
 */
export const binary = async (
  program: Program,
  target: Target,
  go: string | undefined,
): Promise<Binary> => {
  if (go !== undefined) return builtBinary(program, target, go);
  const found = sameTarget(target, hostTarget())
    ? await binaryOnPath(program)
    : undefined;
  if (found !== undefined) return found;
  throw new Error(
    `${program.name} for ${targetName(target)}: install Go (https://go.dev/dl), or put ${program.name} ${program.minimum} or newer on PATH to build for ${targetName(hostTarget())} only`,
  );
};

/** Copies the executable to dist/tools, where tests and the demo find it. */
export const installTool = (found: Binary): void => {
  const dir = join(dist, "tools");
  mkdirSync(dir, { recursive: true });
  const partial = join(dir, `.${found.program.name}.${process.pid}`);
  copyFileSync(found.path, partial);
  renameSync(partial, join(dir, found.program.name));
};

const compressed = (path: string, payload: Buffer, sha256: string): Buffer => {
  const cached = join(cacheDir(), "zstd19", sha256);
  if (existsSync(cached)) return readFileSync(cached);
  say(`compress ${path}`);
  const packed = Bun.zstdCompressSync(payload, { level: 19 });
  mkdirSync(join(cacheDir(), "zstd19"), { recursive: true });
  writeFileSync(`${cached}.${process.pid}`, packed);
  renameSync(`${cached}.${process.pid}`, cached);
  return packed;
};

/** Writes dist/embed/<program>-<os>-<arch>.{zst,json}. */
export const writeEmbed = (found: Binary): void => {
  const payload = readFileSync(found.path);
  const sha256 = createHash("sha256").update(payload).digest("hex");
  const manifest: Manifest = {
    name: found.program.name,
    version: found.version,
    ...found.target,
    sha256,
    size: payload.length,
  };
  const dir = join(dist, "embed");
  const stem = join(dir, `${found.program.name}-${targetName(found.target)}`);
  mkdirSync(dir, { recursive: true });
  // The manifest is written last: its presence says that the payload is whole.
  rmSync(`${stem}.json`, { force: true });
  writeFileSync(
    `${stem}.zst`,
    compressed(
      `${found.program.name}-${targetName(found.target)}`,
      payload,
      sha256,
    ),
  );
  writeFileSync(`${stem}.json`, `${JSON.stringify(manifest)}\n`);
};
