import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { LogLevel } from "@restic-manager/shared/log.ts";
import { exitCodes, type CliContext } from "./cli/context.ts";
import { enrol, type EnrolOptions } from "./cli/enrol.ts";
import { oldRepository } from "./cli/old-repository.ts";
import { AlreadyRunningError, run, UsageError } from "./cli/run.ts";
import { status } from "./cli/status.ts";
import { createTerminal } from "./cli/terminal.ts";
import { verify } from "./cli/verify.ts";
import { systemClock } from "./clock.ts";
import { ConfigError } from "./config.ts";
import { DamagedError } from "./damaged-error.ts";
import {
  RejectedError,
  RemovedError,
  ServerKeyError,
} from "./identity/refusals.ts";
import { ServerFault } from "./identity/server-fault.ts";
import { createLog } from "./log.ts";
import { pressCtrlC } from "./platform/ctrl-c.ts";
import type { Env } from "./platform/env.ts";
import { checkReadable } from "./platform/folders.ts";
import { agentPaths, type PathOptions } from "./platform/paths.ts";
import { createRandom } from "./random.ts";
import { versionLine } from "./version.ts";

const terminal = createTerminal();

async function main(args: readonly string[], env: Env): Promise<void> {
  const log = createLog({
    level: logLevel(env["RM_LOG_LEVEL"]),
    format: process.stdout.isTTY ? "text" : "json",
    clock: systemClock,
    write: (line) => void process.stdout.write(line),
  });
  // A fault nobody thought of ends the agent; the service starts it again, and what was under way is accounted for.
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (error: unknown) => {
      log.error("The agent failed", { error });
      process.exit(exitCodes.failed);
    });
  const stop = stopSignal();
  const assetsDir = env["RM_ASSETS_DIR"] ?? join(import.meta.dir, "assets");

  const verb =
    (
      work: (
        context: CliContext,
        ...rest: string[]
      ) => Promise<number> | number,
    ) =>
    async (options: PathOptions, ...rest: string[]) => {
      const paths = agentPaths(options, env);
      const random = createRandom(systemClock);
      const context = {
        paths,
        assetsDir,
        env,
        clock: systemClock,
        random,
        log,
        terminal,
        signal: stop,
      };
      process.exitCode = await guarded(() => {
        checkReadable(paths);
        return work(context, ...rest);
      }, stop);
    };

  const program = new Command("restic-manager-agent")
    // Wrong arguments have an exit code of their own.
    .exitOverride(({ exitCode }) =>
      process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.usage),
    )
    .description(
      "Backs this host up with restic, as restic-manager-server says.",
    )
    .version(
      versionLine(),
      "-V, --version",
      "print version, commit and commit date",
    )
    .option(
      "--licenses",
      "print the licences of everything inside this program",
    )
    .showHelpAfterError("--help lists what there is.")
    .helpCommand(true)
    .action((options: { licenses?: boolean }, { args: [word] }: Command) => {
      if (word !== undefined)
        program.error(
          `error: unknown ${word.startsWith("-") ? "option" : "command"} '${word}'`,
        );
      if (options.licenses === true)
        process.stdout.write(readFileSync(join(assetsDir, "LICENSES.txt")));
      else program.outputHelp();
    });

  located(program.command("enrol <server...>").alias("enroll"))
    .description(
      "announce this host to a server, wait for the approval, then run",
    )
    .option(
      "--server-key <fingerprint>",
      "the server's key, SHA256:…, as the dashboard shows it",
    )
    .option(
      "--server-ca <file>",
      "PEM file of a private certificate authority, or of the server's own certificate",
    )
    .option(
      "--token-file <file>",
      "one-time token, so that nobody has to approve",
    )
    .option("--token-stdin", "read the one-time token from standard input")
    .option("--exit", "end after the approval instead of running")
    .action((servers: string[], options: EnrolOptions & PathOptions) =>
      verb((context) => enrol(context, servers, options))(options),
    );
  located(program.command("run"))
    .description("run the agent of an approved host")
    .action(verb(run));
  located(program.command("verify <fingerprint>"))
    .description("say whether a fingerprint is the one of this host")
    .action((fingerprint: string, options: PathOptions) =>
      verb((context) => verify(context, fingerprint))(options),
    );
  located(program.command("status"))
    .description("say what this host is, does and waits for")
    .action(verb(status));
  located(program.command("old-repository"))
    .description(
      "show the repository, and its password, that an old agent.yaml held",
    )
    .action(verb(oldRepository));
  program
    .command("version")
    .description("print version, commit and commit date")
    .action(() => terminal.say(versionLine()));

  program
    .command("press-ctrl-c <pid>", { hidden: true })
    .description("end another program in an orderly way (Windows)")
    .action((pid: string) => {
      process.exitCode = pressCtrlC(Number(pid))
        ? exitCodes.ok
        : exitCodes.failed;
    });

  // An unknown word and its options arrive at the command without a word. Set last, for commands inherit it.
  program.allowExcessArguments().allowUnknownOption();
  await program.parseAsync([...args], { from: "user" });
}

function located(command: Command): Command {
  return command
    .option("--config <file>", "configuration file")
    .option(
      "--state-dir <folder>",
      "folder for keys, configuration and results",
    );
}

/** Turns expected errors into one plain line and an exit code. */
async function guarded(
  work: () => Promise<number> | number,
  signal: AbortSignal,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    terminal.complain(explained(error));
    if (error instanceof RejectedError) return exitCodes.rejected;
    if (error instanceof RemovedError) return exitCodes.removed;
    if (error instanceof ServerKeyError) return exitCodes.wrongServer;
    if (error instanceof AlreadyRunningError) return exitCodes.alreadyRunning;
    if (error instanceof UsageError || error instanceof ConfigError)
      return exitCodes.usage;
    return exitCodes.failed;
  }
}

const expected = [
  AlreadyRunningError,
  ConfigError,
  DamagedError,
  RejectedError,
  RemovedError,
  ServerFault,
  ServerKeyError,
  UsageError,
];

/** A sentence that names the remedy; only a fault nobody thought of shows where it happened. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && /^(SQLITE_FULL|ENOSPC)$/.test(String(error.code)))
    return "There is no space left for the agent's own files. Free some on the disk of its state folder; it needs a few megabytes.";
  return expected.some((kind) => error instanceof kind)
    ? error.message
    : (error.stack ?? error.message);
}

/** The first SIGTERM or Ctrl-C asks for an orderly end, the second one does not wait for it. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(exitCodes.interrupted);
      stop.abort();
    });
  return stop.signal;
}

function logLevel(text: string | undefined): LogLevel {
  return text === "debug" || text === "warn" || text === "error"
    ? text
    : "info";
}

await main(Bun.argv.slice(2), process.env);
