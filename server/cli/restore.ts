import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { lockDataDir } from "../adapters/data-lock.ts";
import { copyFileInPlace } from "../adapters/durable-file.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { loadSecretKey } from "../adapters/secret-key.ts";
import { readKeyOfCopy } from "../adapters/sqlite-copy.ts";
import { StartError } from "../app-error.ts";
import type { Config } from "../config.ts";
import { identityKeyName } from "../identity.ts";
import type { Random } from "../random.ts";
import { onDisk } from "./on-disk.ts";
import { databasePath } from "./open-data.ts";

type DataPlaces = Pick<Config, "dataDir" | "secretKeyFile">;

/**
 * Puts a copy made by `backup` where the server looks for it: on a new machine, or after the data directory was lost.
 * Nothing that is there is written over, and nothing is put there before the copy has proved to be whole.
 *
 * @returns the files written
 * @throws StartError when the copy is damaged, its two files do not belong together, or there is data already
 */
export function restore(
  places: DataPlaces,
  random: Random,
  dir: string,
): string[] {
  const source = {
    database: join(dir, basename(databasePath(places))),
    key: join(dir, "secret.key"),
  };
  needCopy(dir, source);
  needRoom(places, source.key);
  checkCopy(source, random);
  const { dataDir } = places;
  return onDisk(
    dataDir,
    "Run this as the user of the server, with room on the disk.",
    () => {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      const unlock = lockDataDir(dataDir);
      try {
        // Without room for the key, the database in its place would stand in the way of a second try.
        needFolder(places.secretKeyFile);
        // Database first: without its key it does not start, where a key alone would begin an empty server.
        return [
          put(source.database, databasePath(places)),
          put(source.key, places.secretKeyFile),
        ];
      } finally {
        unlock();
      }
    },
  );
}

function needCopy(dir: string, source: Readonly<Record<string, string>>): void {
  const missing = Object.values(source).find((path) => !existsSync(path));
  if (missing === undefined) return;
  throw new StartError(
    `${missing} is missing. Name the directory that restic-manager-server backup wrote; ${dir} is none.`,
  );
}

function needRoom(places: DataPlaces, key: string): void {
  const database = databasePath(places);
  const left = [database, `${database}-wal`].find((path) => existsSync(path));
  if (left !== undefined)
    throw new StartError(
      `${left} exists and is not written over. Stop the server and move ${places.dataDir} away first, or set RM_DATA_DIR to another directory.`,
    );
  const { secretKeyFile } = places;
  if (!existsSync(secretKeyFile)) return;
  if (readFileSync(secretKeyFile).equals(readFileSync(key))) return;
  throw new StartError(
    `${secretKeyFile} is another key than the one of the copy and is not written over. Move it away first.`,
  );
}

/** A copy that is found out to be worthless must be found out here, while the old machine may still be at hand. */
function checkCopy(
  source: { database: string; key: string },
  random: Random,
): void {
  const key = loadSecretKey(source.key, true, random);
  const sealed = readIdentity(source.database);
  if (sealed === null) return;
  try {
    createSealedSecrets(key, random).open(
      "server-identity",
      identityKeyName,
      sealed,
    );
  } catch {
    throw new StartError(
      `${source.key} does not open ${source.database}: they are of two servers. Take both files from one backup.`,
    );
  }
}

function readIdentity(path: string): Uint8Array | null {
  try {
    return readKeyOfCopy(path, identityKeyName);
  } catch (error) {
    throw new StartError(
      `${path} cannot be restored: ${(error as Error).message}. Nothing was changed; take another copy.`,
    );
  }
}

function needFolder(file: string): void {
  onDisk(
    dirname(file),
    "Make the folder, or set RM_SECRET_KEY_FILE to a file this user may write.",
    () => accessSync(dirname(file), constants.W_OK),
  );
}

/** @returns `to` */
function put(from: string, to: string): string {
  if (!existsSync(to)) copyFileInPlace(from, to);
  return to;
}
