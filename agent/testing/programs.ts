import { existsSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../random.ts";
import { systemClock } from "../clock.ts";
import { createSpawner } from "../platform/spawn.ts";
import type { Env } from "../platform/env.ts";
import { unlimited } from "../restic/args.ts";
import { createResticRunner, type ResticRunner } from "../restic/run.ts";
import type { Repository } from "../restic/env.ts";
import { parseVersion } from "../restic/restic-version.ts";
import { childEnv } from "../platform/env.ts";

const tools = join(import.meta.dir, "..", "..", "dist", "tools");
/** The environment of the tests themselves. */
export const testEnv: Env = process.env;

/** A real program that `just tools` builds; another one can be named by an environment variable. */
function program(name: string, variable: string): string {
  const path = testEnv[variable] ?? join(tools, name);
  if (!existsSync(path))
    throw new Error(`${path} is missing: run just tools, or set ${variable}`);
  return path;
}

export const resticPath = (): string => program("restic", "RM_TEST_RESTIC");
export const natsServerPath = (): string =>
  program("nats-server", "RM_TEST_NATS_SERVER");

export const restServerPath = (): string =>
  program("rest-server", "RM_TEST_REST_SERVER");

export interface RealRestic {
  readonly runner: ResticRunner;
  readonly repository: Repository;
  /** Runs restic by hand, as an operator would. */
  readonly byHand: (
    ...args: string[]
  ) => Promise<{ code: number | null; output: string }>;
}

/** A real restic with a local repository in `dir`. The repository does not exist yet. */
export function realRestic(
  dir: string,
  path: string = resticPath(),
): RealRestic {
  const spawner = createSpawner({ tmpDir: join(dir, "tmp") });
  const repository: Repository = {
    url: join(dir, "repo"),
    credential: { password: "correct horse battery", env: {} },
  };
  const env = {
    ...childEnv(testEnv),
    RESTIC_REPOSITORY: repository.url,
    RESTIC_PASSWORD: repository.credential.password,
    RESTIC_CACHE_DIR: join(dir, "cache"),
  };
  async function byHand(...args: string[]) {
    const lines: string[] = [];
    const { code } = await spawner.start({
      file: path,
      args,
      env,
      onLine: (_, line) => lines.push(line),
    }).exited;
    return { code, output: lines.join("\n") };
  }
  const runner = createResticRunner({
    spawner,
    clock: systemClock,
    env: testEnv,
    tmpDir: join(dir, "tmp"),
    cacheDir: join(dir, "cache"),
    randomName: createRandom(systemClock).id,
    limits: () => unlimited,
    async restic() {
      const { output } = await byHand("version");
      return { path, version: parseVersion(output) ?? "0" };
    },
  });
  return { runner, repository, byHand };
}
