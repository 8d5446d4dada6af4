import { createHash } from "node:crypto";
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
} from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StartError } from "../app-error.ts";

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  /** Of the uncompressed executable. */
  sha256: z.string(),
  size: z.int(),
});

/**
 * Puts the executable that `<assetsDir>/bin` carries into `targetDir` and returns its path. Whatever is there already
 * is used only if it is byte for byte the right one. Several processes may do this at once.
 * @throws StartError when the assets are missing or damaged.
 */
export async function extractBinary(
  assetsDir: string,
  targetDir: string,
): Promise<string> {
  const wanted = await readManifest(join(assetsDir, "bin", "manifest.json"));
  const target = join(
    targetDir,
    `${wanted.name}-${wanted.sha256.slice(0, 12)}`,
  );
  if (await isIntact(target, wanted)) return target;

  const packed = join(assetsDir, "bin", `${wanted.name}.zst`);
  const bytes = Bun.zstdDecompressSync(await Bun.file(packed).bytes());
  if (sha256(bytes) !== wanted.sha256)
    throw new StartError(
      `The embedded ${wanted.name} is damaged. Install this program again.`,
    );

  await mkdir(targetDir, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(targetDir, ".new-"));
  try {
    const file = join(work, wanted.name);
    await writeExecutable(file, bytes);
    await rename(file, target);
    await syncDirectory(targetDir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOlder(targetDir, wanted.name, target);
  return target;
}

async function readManifest(path: string): Promise<z.infer<typeof manifest>> {
  try {
    return manifest.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    throw new StartError(
      `${path} is missing or damaged. Install this program again; from source, run: just stage`,
    );
  }
}

/** A link in the file's place is not followed: it could be changed between the check and the start. */
async function isIntact(
  path: string,
  wanted: { sha256: string; size: number },
): Promise<boolean> {
  try {
    const stat = await lstat(path);
    return (
      stat.isFile() &&
      stat.size === wanted.size &&
      (stat.mode & 0o777) === 0o755 &&
      sha256(await readFile(path)) === wanted.sha256
    );
  } catch {
    return false;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function writeExecutable(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o700);
  try {
    await file.writeFile(bytes);
    await file.chmod(0o755);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Earlier versions are tens of megabytes each. One that still runs keeps its bytes until it ends. */
async function removeOlder(
  directory: string,
  name: string,
  current: string,
): Promise<void> {
  for (const entry of await readdir(directory)) {
    const path = join(directory, entry);
    if (new RegExp(`^${name}-[0-9a-f]{12}$`).test(entry) && path !== current)
      await rm(path, { force: true });
  }
}
