import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
} from "node:fs";
import { join } from "node:path";
import { lockDataDir } from "../adapters/data-lock.ts";
import { createSealedSecrets } from "../adapters/sealed-secrets.ts";
import { loadSecretKey } from "../adapters/secret-key.ts";
import { openSqlite } from "../adapters/sqlite-db.ts";
import type { SqliteStore } from "../adapters/sqlite-db.ts";
import { StartError } from "../app-error.ts";
import type { Config } from "../config.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Random } from "../random.ts";
import { onDisk } from "./on-disk.ts";

export interface OpenData {
  readonly store: SqliteStore;
  readonly secrets: Secrets;
  /** Whether this made the database. */
  readonly isNew: boolean;
}

type DataPlaces = Pick<Config, "dataDir" | "secretKeyFile">;

export function databasePath({ dataDir }: Pick<Config, "dataDir">): string {
  return join(dataDir, "restic-manager.db");
}

const ownDirectory =
  "Set RM_DATA_DIR to a directory that this user may write, or run as the user who owns it.";

/**
 * The same as the only server of its data directory, before anything in it is read.
 *
 * @throws StartError when another server runs on it
 */
export function openDataAlone(places: DataPlaces, random: Random): OpenData {
  const { dataDir } = places;
  const unlock = onDisk(dataDir, ownDirectory, () => {
    makePrivate(dataDir);
    return lockDataDir(dataDir);
  });
  try {
    const { store, ...data } = openData(places, random);
    const close = async () => {
      await store.close();
      unlock();
    };
    return { ...data, store: { ...store, close } };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opens the database and the key that its secrets need, making both in a new data directory. */
export function openData(
  places: DataPlaces,
  random: Random,
  how?: "beside",
): OpenData {
  onDisk(places.dataDir, ownDirectory, () => makePrivate(places.dataDir));
  const database = databasePath(places);
  const isNew = !existsSync(database);
  // First, so that no database is made that a missing key would then keep shut.
  const key = loadSecretKey(places.secretKeyFile, !isNew, random);
  const store = openSqlite(database, how);
  return { store, secrets: createSealedSecrets(key, random), isNew };
}

function makePrivate(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  accessSync(dir, constants.W_OK);
}

/**
 * The same beside a server, for the other commands: they make nothing, and leave the schema to the server.
 *
 * @throws StartError when the server is of another version
 */
export function openExistingData(places: DataPlaces, random: Random): OpenData {
  needDatabase(places);
  return openData(places, random, "beside");
}

/**
 * The same while no server runs, to change what a server holds in memory and would write over.
 *
 * @throws StartError when one does
 */
export function openExistingDataAlone(
  places: DataPlaces,
  random: Random,
): OpenData {
  needDatabase(places);
  return openDataAlone(places, random);
}

/** @throws StartError when there is none */
export function needDatabase(places: DataPlaces): void {
  const database = databasePath(places);
  if (!existsSync(database)) {
    throw new StartError(
      `There is no database at ${database}. Run this with the RM_DATA_DIR (or --config) of the server, as the same user.`,
    );
  }
}
