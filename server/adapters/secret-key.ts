import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { StartError } from "../app-error.ts";
import type { Random } from "../random.ts";

const secretKeyLength = 32;

/**
 * Reads the secret key, or makes it where nothing can depend on an older one.
 *
 * @param databaseExists secrets of that database need the old key, so a new one is not made beside it
 * @throws StartError naming the remedy
 */
export function loadSecretKey(
  path: string,
  databaseExists: boolean,
  random: Random,
): Uint8Array {
  if (existsSync(path)) return readSecretKey(path);
  if (databaseExists) {
    throw new StartError(
      `The secret key ${path} is missing, but a database that needs it exists. Put the key back from your backup, or point RM_SECRET_KEY_FILE at it. Without the key the repository passwords in the database cannot be read.`,
    );
  }
  const key = random.bytes(secretKeyLength);
  // Whole or not there at all, whenever the machine stops; `link` refuses to replace a file that appeared meanwhile.
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, key);
    fsyncSync(file);
    linkSync(draft, path);
  } finally {
    closeSync(file);
    rmSync(draft);
  }
  return key;
}

function readSecretKey(path: string): Uint8Array {
  const key = new Uint8Array(readFileSync(path));
  if (key.length !== secretKeyLength) {
    throw new StartError(
      `The secret key ${path} has ${key.length} bytes instead of ${secretKeyLength}. Put the right file back from your backup; it is never written over.`,
    );
  }
  return key;
}
