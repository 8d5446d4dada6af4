import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Replaces a file whole: readers see the old content or the new one, also after a crash at any instant. The folder is
 * made when missing. `mode` defaults to 0600.
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  mode: number = 0o600,
): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  // What a crash left behind under the same process id is ours to remove.
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", mode);
  try {
    writeAll(file, content);
    // The umask may have taken bits away, for example from an executable.
    fchmodSync(file, mode);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  moveFile(temporary, path);
}

/** Puts a file in the place of another one of the same folder, durably. */
export function moveFile(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Removes what `replaceFile` left in a folder when its process was killed. Nobody else may be writing there. */
export function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder))
    if (/^\..+\.\d+\.tmp$/.test(name)) rmSync(join(folder, name));
}

function writeAll(file: number, content: string | Uint8Array): void {
  const bytes =
    typeof content === "string" ? new TextEncoder().encode(content) : content;
  let done = 0;
  while (done < bytes.length)
    done += writeSync(file, bytes, done, bytes.length - done);
}

/** Makes the rename itself durable. Windows cannot open folders and does it on its own. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
