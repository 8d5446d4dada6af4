import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartError } from "../app-error.ts";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { backup } from "./backup.ts";
import { databasePath, openData, openExistingData } from "./open-data.ts";
import { restore } from "./restore.ts";

const dir = mkdtempSync(join(tmpdir(), "rm-places-"));
afterAll(() => rmSync(dir, { recursive: true }));
const random = createRandom(systemClock);
const file = join(dir, "file");
writeFileSync(file, "");

const at = (dataDir: string) => ({
  dataDir,
  secretKeyFile: join(dataDir, "secret.key"),
});

async function refusal(work: () => unknown): Promise<StartError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

test.each([join(file, "data"), "/proc/data"])(
  "a data directory that cannot be made at %s is named with the setting to change",
  async (dataDir) => {
    const { message } = await refusal(() => openData(at(dataDir), random));
    expect(message).toStartWith(`${dataDir} cannot be used (E`);
    expect(message).toContain("Set RM_DATA_DIR");
  },
);

test("a backup to a place that cannot be written says so and leaves nothing", async () => {
  const places = at(join(dir, "server"));
  await openData(places, random).store.close();
  for (const target of [join(file, "copy"), "/proc/copy"]) {
    const { message } = await refusal(() => backup(places, random, target));
    expect(message).toStartWith(`${target} cannot be used (E`);
    expect(existsSync(target)).toBe(false);
  }
});

test.each([
  ["is no database", 0, "SQLITE_NOTADB"],
  ["is damaged in its middle", 4096 * 20, "SQLITE_CORRUPT"],
])(
  "a backup of a database that %s names that one, and not the place of the copy [DB-06]",
  async (how, from, code) => {
    const made = at(join(dir, `${how}-made`));
    await openData(made, random).store.close();
    // A copy is one file, without a journal that would make the damage good.
    const places = at(join(dir, how));
    await backup(made, random, places.dataDir);
    const database = databasePath(places);
    writeFileSync(database, readFileSync(database).fill(0xab, from));
    const target = join(dir, `${how}-copy`);
    const { message } = await refusal(() => backup(places, random, target));
    expect(message).toStartWith(`${database} cannot be used (${code}`);
    expect(message).not.toContain(target);
    expect(readdirSync(target)).toEqual([]);
  },
);

test("beside a server of another version nothing is migrated, and a backup is of that version [DB-03] [DB-06]", async () => {
  const places = at(join(dir, "older"));
  await openData(places, random).store.close();
  const version = (path: string, set = "") => {
    const database = new Database(path);
    const [row] = database.query(`PRAGMA user_version${set}`).all();
    database.close();
    return row;
  };
  version(databasePath(places), " = 5");
  const { message } = await refusal(() => openExistingData(places, random));
  expect(message).toContain("Use the program that the server runs");
  const [copy = ""] = await backup(places, random, join(dir, "older-copy"));
  expect([version(copy), version(databasePath(places))]).toEqual([
    { user_version: 5 },
    { user_version: 5 },
  ]);
});

test("a restore whose key has no folder puts nothing down, so that it can be tried again [DB-06]", async () => {
  const copy = join(dir, "good-copy");
  const from = at(join(dir, "good"));
  await openData(from, random).store.close();
  await backup(from, random, copy);
  const dataDir = join(dir, "new");
  const keys = join(dir, "keys");
  const places = { dataDir, secretKeyFile: join(keys, "secret.key") };
  const { message } = await refusal(() => restore(places, random, copy));
  expect(message).toStartWith(`${keys} cannot be used (ENOENT)`);
  mkdirSync(keys);
  expect(restore(places, random, copy)).toHaveLength(2);
});
