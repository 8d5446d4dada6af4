import { afterAll, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataDir } from "../adapters/data-lock.ts";
import { systemClock } from "../clock.ts";
import { openServerIdentity } from "../identity.ts";
import { createRandom } from "../random.ts";
import { backup } from "./backup.ts";
import { openData } from "./open-data.ts";
import { restore } from "./restore.ts";

const root = mkdtempSync(join(tmpdir(), "rm-restore-"));
afterAll(() => rmSync(root, { recursive: true }));
const clock = systemClock;
const random = createRandom(clock);
let made = 0;

function newPlaces() {
  const dataDir = join(root, `data-${(made += 1)}`);
  return { dataDir, secretKeyFile: join(dataDir, "secret.key") };
}

async function fingerprintIn(places: ReturnType<typeof newPlaces>) {
  const { store, secrets } = openData(places, random);
  const identity = await openServerIdentity({
    db: store.db,
    secrets,
    random,
    clock,
  });
  await store.close();
  return identity.fingerprint;
}

/** A server that has run, and the copy of it. */
async function copied() {
  const places = newPlaces();
  const fingerprint = await fingerprintIn(places);
  const dir = join(root, `copy-${made}`);
  await backup(places, random, dir);
  return { dir, fingerprint };
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("a lost server comes back from its copy with the identity that agents know [DB-06]", async () => {
  const { dir, fingerprint } = await copied();
  const places = newPlaces();

  const files = restore(places, random, dir);

  expect(files.map((path) => statSync(path).mode & 0o777)).toEqual([
    0o600, 0o600,
  ]);
  expect(await fingerprintIn(places)).toBe(fingerprint);
});

test("nothing that is there is written over [DB-06]", async () => {
  const { dir } = await copied();
  const places = newPlaces();
  const fingerprint = await fingerprintIn(places);

  expect(refusal(() => restore(places, random, dir))).toContain(
    "is not written over",
  );
  expect(await fingerprintIn(places)).toBe(fingerprint);

  const other = newPlaces();
  const secretKeyFile = join(root, "other.key");
  writeFileSync(secretKeyFile, random.bytes(32));
  const before = readFileSync(secretKeyFile);
  expect(
    refusal(() => restore({ ...other, secretKeyFile }, random, dir)),
  ).toContain("another key");
  expect(readFileSync(secretKeyFile)).toEqual(before);
  expect(existsSync(other.dataDir)).toBe(false);
});

test("a copy that would not start is refused before anything is put there [DB-06]", async () => {
  const one = await copied();
  const two = await copied();
  const cases: [string, (dir: string) => void, string][] = [
    ["none", (dir) => rmSync(join(dir, "secret.key")), "secret.key is missing"],
    [
      "mixed",
      (dir) => cpSync(join(two.dir, "secret.key"), join(dir, "secret.key")),
      "two servers",
    ],
    [
      "damaged",
      (dir) => {
        const path = join(dir, "restic-manager.db");
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 8192, bytes.length - 4096);
        writeFileSync(path, bytes);
      },
      "cannot be restored",
    ],
    [
      "cut",
      (dir) => writeFileSync(join(dir, "restic-manager.db"), ""),
      "holds no data of a server",
    ],
    [
      "short key",
      (dir) => writeFileSync(join(dir, "secret.key"), "short"),
      "bytes instead of 32",
    ],
  ];
  for (const [name, spoil, words] of cases) {
    const dir = join(root, `spoilt ${name}`);
    cpSync(one.dir, dir, { recursive: true });
    spoil(dir);
    const places = newPlaces();
    expect(refusal(() => restore(places, random, dir))).toContain(words);
    expect(existsSync(places.dataDir)).toBe(false);
  }
});

test("a server that runs there keeps its place [DB-06]", async () => {
  const { dir } = await copied();
  const places = newPlaces();
  mkdirSync(places.dataDir);
  const unlock = lockDataDir(places.dataDir);
  try {
    expect(refusal(() => restore(places, random, dir))).toContain("runs on");
  } finally {
    unlock();
  }
});
