import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { natsServerPath } from "../adapters/nats-testing.ts";
import { startApp } from "../app.ts";
import { openDataAlone } from "../cli/open-data.ts";
import { systemClock } from "../clock.ts";
import { loadConfig } from "../config.ts";
import { createRandom } from "../random.ts";
import { createTestLog } from "./test-log.ts";

/** A place where whole servers run one after the other: real port, real store on disk, real broker. */
export function createTestApp() {
  const dir = mkdtempSync(join(tmpdir(), "rm-app-"));
  const assetsDir = join(dir, "assets");
  cpSync(join(import.meta.dir, "surface-files"), assetsDir, {
    recursive: true,
  });
  packBroker(join(assetsDir, "bin"));
  const dataDir = join(dir, "data");
  const env = { RM_LISTEN: "127.0.0.1:0", RM_DATA_DIR: dataDir };

  return {
    dataDir,
    async start(clock: Clock = systemClock) {
      const loaded = loadConfig(env, true);
      if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
      const { config } = loaded;
      const random = createRandom(clock);
      const log = createTestLog();
      const data = openDataAlone(config, random);
      const places = { assetsDir, searchPath: "" };
      const base = { ...data, ...places, config, clock, random, log };
      const app = await startApp({ ...base, notify: () => {} });
      return { ...app, db: data.store.db, log };
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The broker as the executable carries it. */
function packBroker(folder: string): void {
  const bytes = readFileSync(natsServerPath());
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "manifest.json"),
    JSON.stringify({
      name: "nats-server",
      version: "0",
      sha256,
      size: bytes.length,
    }),
  );
  writeFileSync(
    join(folder, "nats-server.zst"),
    Bun.zstdCompressSync(bytes, { level: 1 }),
  );
}
