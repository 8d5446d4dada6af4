import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartError } from "../app-error.ts";
import { systemClock } from "../clock.ts";
import { createRandom } from "../random.ts";
import { backup } from "./backup.ts";
import { openData } from "./open-data.ts";

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
