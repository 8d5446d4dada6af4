import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { copyFileInPlace } from "../adapters/durable-file.ts";
import { loadSecretKey } from "../adapters/secret-key.ts";
import { copyTo, openToCopy } from "../adapters/sqlite-copy.ts";
import { StartError } from "../app-error.ts";
import type { Config } from "../config.ts";
import { databasePath, needDatabase } from "./open-data.ts";
import { onDisk } from "./on-disk.ts";
import type { Random } from "../random.ts";

const elsewhere = "Name a directory that this user may write.";
const ownDatabase =
  "It is the server's own database, and could not be read whole: run this as the server's user, and if the file is damaged, keep the backups that you have.";

/**
 * Copies the database and the secret key into a new or empty place, while a server may be running on them, also one of
 * another version.
 *
 * @returns the files written
 */
export async function backup(
  config: Pick<Config, "dataDir" | "secretKeyFile">,
  random: Random,
  dir: string,
): Promise<string[]> {
  needDatabase(config);
  onDisk(dir, elsewhere, () =>
    mkdirSync(dir, { recursive: true, mode: 0o700 }),
  );
  const database = join(dir, basename(databasePath(config)));
  const key = join(dir, "secret.key");
  const existing = [database, key].find((path) => existsSync(path));
  if (existing !== undefined) {
    throw new StartError(
      `${existing} exists and is not written over. Name a new directory, for example one a day.`,
    );
  }
  loadSecretKey(config.secretKeyFile, true, random);
  copyDatabase(databasePath(config), database);
  onDisk(key, elsewhere, () => copyFileInPlace(config.secretKeyFile, key));
  return [database, key];
}

function copyDatabase(from: string, to: string): void {
  const source = onDisk(from, ownDatabase, () => openToCopy(from));
  try {
    copyTo(source, to);
  } catch (error) {
    // Damage in the middle of the file is met only now.
    const isOwn = /^SQLITE_(CORRUPT|NOTADB|BUSY)/.test(
      (error as { code?: string }).code ?? "",
    );
    const [path, remedy] = isOwn ? [from, ownDatabase] : [to, elsewhere];
    onDisk(path, remedy, () => {
      throw error;
    });
  } finally {
    source.close();
  }
}
