import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@restic-manager/shared/clock.ts";
import { StartError } from "../app-error.ts";
import { startApp } from "../app.ts";
import type { Config } from "../config.ts";
import { databasePath, openDataAlone } from "./open-data.ts";
import { createLog } from "../log.ts";
import type { Output } from "./output.ts";
import type { Random } from "../random.ts";
import { build } from "../version.ts";

export interface ServeDeps {
  readonly config: Config;
  readonly effective: Readonly<Record<string, string>>;
  readonly assetsDir: string;
  readonly searchPath: string;
  /** Where the log goes. */
  readonly output: Output;
  readonly clock: Clock;
  readonly random: Random;
}

/** Runs the server until SIGTERM or SIGINT. The log goes to stdout, what a person must act on to stderr as plain lines. */
export async function serve(deps: ServeDeps): Promise<void> {
  const { config, output, clock, random } = deps;
  if (!existsSync(join(deps.assetsDir, "ui", "manifest.json"))) {
    throw new StartError(
      `The dashboard is missing at ${deps.assetsDir}. In a run from source: just stage, then set RM_ASSETS_DIR to dist/stage/server-<os>-<arch>/assets.`,
    );
  }
  const isTerminal = process.stdout.isTTY;
  const log = createLog({
    level: config.logLevel,
    format:
      config.logFormat === "auto"
        ? isTerminal
          ? "pretty"
          : "json"
        : config.logFormat,
    clock,
    write: output.write,
  });
  async function fatal(error: unknown): Promise<void> {
    log.error("The server ends: nobody handled an error", { error });
    await output.flushed();
    process.exit(1);
  }
  process.on("uncaughtException", (error) => void fatal(error));
  process.on("unhandledRejection", (reason) => void fatal(reason));

  log.info("Starting", {
    version: build.version,
    commit: build.commit,
    config: deps.effective,
  });
  const data = openDataAlone(config, random);
  const notify = (text: string) => void process.stderr.write(`${text}\n`);
  if (data.isNew) notify(whatToKeepSafe(config));

  const stopping = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => stopping.resolve(signal));
  }
  const app = await startApp({ ...deps, ...data, log, notify });
  log.info("Stopping", { signal: await stopping.promise });
  await app.stop();
  log.info("Stopped");
}

function whatToKeepSafe(
  config: Pick<Config, "dataDir" | "secretKeyFile">,
): string {
  return [
    "Keep these two files safe, together. Without them every host must be approved again,",
    "and repository passwords that are kept nowhere else are lost:",
    `  ${databasePath(config)}`,
    `  ${config.secretKeyFile}`,
    "Copy both, also while the server runs: restic-manager-server backup DIR",
  ].join("\n");
}
