import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { realRestic, testEnv, type RealRestic } from "../testing/programs.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import {
  toldSnapshots,
  type ToldSnapshots,
} from "../testing/told-snapshots.ts";

// Real restic on a busy machine.
setDefaultTimeout(1_200_000);
const tempDir = createTempDirs();
const sharedDir = createTempDirs(afterAll);
let restic: RealRestic;
beforeAll(async () => {
  restic = realRestic(sharedDir());
  await restic.byHand("init");
});

/** More, and with a seed that failed, by hand. */
const rounds = Number(testEnv["RM_TEST_ROUNDS"] ?? 2);
const seed = Number(testEnv["RM_TEST_SEED"] ?? Date.now() % 1_000_000);
const names = [
  "a",
  "b c",
  "-x",
  "*?[y]",
  'q"uote',
  "back\\slash",
  "new\nline",
  "😀",
  "é",
  "...",
  "$HOME",
  "tail ",
];

/** Numbers that differ from run to run, named when a test fails. */
function dice(seed: number) {
  let state = seed;
  const below = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return { below, pick: <T>(of: readonly T[]) => of[below(of.length)] as T };
}

/** Everything below a folder, itself first. */
function all(path: string): string[] {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    ? [path, ...readdirSync(path).flatMap((name) => all(join(path, name)))]
    : [path];
}

function change(source: string, { below, pick }: ReturnType<typeof dice>) {
  const folders = all(source).filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
  );
  const others = all(source).filter((path) => path !== source);
  const folder = pick(folders);
  const place = join(folder, pick(names));
  const other = others.length === 0 ? null : pick(others);
  const clear = () => rmSync(place, { recursive: true, force: true });
  const step = below(11);
  if (step === 0) {
    clear();
    mkdirSync(join(place, pick(names), "deep"), { recursive: true });
  } else if (step === 1 && other !== null) rmSync(other, { recursive: true });
  else if (step === 2 && other !== null && !place.startsWith(other)) {
    clear();
    if (statSync(other, { throwIfNoEntry: false }) !== undefined)
      renameSync(other, place);
  } else if (step === 3 && other !== null) {
    rmSync(other, { recursive: true });
    mkdirSync(other);
  } else if (step === 4 && other !== null) {
    rmSync(other, { recursive: true });
    writeFileSync(other, "was something else");
  } else if (step === 5) chmodSync(pick(folders), 0o700 + below(64));
  else if (step === 6) utimesSync(pick(folders), below(2e9), below(2e9));
  else if (step === 7) {
    clear();
    symlinkSync("nowhere", place);
  } else if (step === 8)
    for (const name of readdirSync(folder))
      rmSync(join(folder, name), { recursive: true });
  else {
    clear();
    writeFileSync(place, "x".repeat(below(50)));
  }
}

test("whatever changed, what is told of it is what a whole listing tells [RTR-01]", async () => {
  const told = await toldSnapshots(tempDir(), restic);
  const chance = dice(seed);
  for (let i = 0; i < 40; i++) change(told.source, chance);
  await told.send(await told.backUp({ noted: true }));
  for (let round = 0; round < rounds; round++) {
    const changes = 1 + chance.below(10);
    for (let i = 0; i < changes; i++) change(told.source, chance);
    await toldAsListed(told, `seed ${seed}, round ${round}`);
  }
  // A folder that was emptied is listed with all others.
  const partly = told.asked().filter((what) => what === "ls /").length;
  expect(partly, `seed ${seed}`).toBeGreaterThanOrEqual(
    rounds < 10 ? 0 : rounds / 2,
  );
});

async function toldAsListed(told: ToldSnapshots, about: string) {
  const id = await told.backUp({ noted: true });
  expect(await told.send(id), about).toBe("sent");
  const { root, ids } = await told.listed(id);
  expect(told.trees.whole(id)?.root, about).toBe(root);
  expect(
    [...ids].every((one) => told.trees.has(one)),
    about,
  ).toBe(true);
}
