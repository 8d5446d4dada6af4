import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { AppError, StartError } from "./app-error.ts";
import { backup } from "./cli/backup.ts";
import { createOutput } from "./cli/output.ts";
import { natsCreds } from "./cli/nats-creds.ts";
import { rotateSigningKey } from "./cli/rotate-signing-key.ts";
import { restore } from "./cli/restore.ts";
import { resetPassword } from "./cli/reset-password.ts";
import { serve } from "./cli/serve.ts";
import { systemClock } from "./clock.ts";
import { loadConfig, readEnvironment } from "./config.ts";
import { createRandom } from "./random.ts";
import { versionLine } from "./version.ts";

const clock = systemClock;
const random = createRandom(clock);
const { env, isRoot, assetsDir, searchPath } = readEnvironment();
const output = createOutput(process.stdout);
const print = (line: string) => output.write(`${line}\n`);

function createProgram(): Command {
  const program = new Command("restic-manager-server")
    .description(
      "Control plane of restic-manager. Without a command it serves.",
    )
    .version(versionLine(), "-V, --version", "print version, commit and date")
    .option("--config <file>", "YAML file of settings")
    .option("--licenses", "print the licences of this program and its parts")
    .showHelpAfterError("--help lists what there is.");

  const load = () => {
    const { config } = program.opts<{ config?: string }>();
    const loaded = loadConfig(env, isRoot, config);
    if (loaded.ok) return loaded;
    throw new StartError(loaded.problems.join("\n"), 2);
  };

  program
    .command("serve", { isDefault: true })
    .description("run the server (the default)")
    // An unknown word arrives here, for this is the command without a word.
    .allowExcessArguments()
    .action(async (_options: object, { args: [word] }: Command) => {
      if (word !== undefined) program.error(`error: unknown command '${word}'`);
      if (program.opts<{ licenses?: true }>().licenses) {
        print(readFileSync(join(assetsDir, "LICENSES.txt"), "utf8"));
        return;
      }
      const places = { assetsDir, searchPath, output };
      await serve({ ...load(), ...places, clock, random });
    });

  program
    .command("user")
    .description("manage users on this machine")
    .command("reset-password <name>")
    .description("set a user's password and end their sessions")
    .action(async (name: string) => {
      await resetPassword(load().config, clock, random, name);
      print(`The password of ${name} is set; their sessions have ended.`);
    });

  const nats = program
    .command("nats")
    .description("look at the message broker, renew its keys");
  nats
    .command("creds")
    .description(
      "make credentials for the nats command that read everything and publish nothing",
    )
    .option("--role <role>", "debug-read", "debug-read")
    .option("--ttl <time>", "how long they work, up to 24h", "1h")
    .option("--out <file>", "where to write them", "restic-manager-debug.creds")
    .action(async (options: { role: string; ttl: string; out: string }) => {
      print(await natsCreds(load().config, clock, random, options));
    });

  nats
    .command("rotate-signing-key")
    .description("sign the agents' access with a fresh key; stop the server")
    .option("--finish", "drop the key before it, when the agents have renewed")
    .action(async ({ finish = false }: { finish?: boolean }) => {
      print(await rotateSigningKey(load().config, clock, random, finish));
    });

  program
    .command("backup <dir>")
    .description(
      "copy the database and the secret key, also while the server runs",
    )
    .action(async (dir: string) => {
      const files = await backup(load().config, random, dir);
      print(`Written:\n${files.join("\n")}`);
    });

  program
    .command("restore <dir>")
    .description("put back what backup copied, where there is no server yet")
    .action((dir: string) => {
      const files = restore(load().config, random, dir);
      print(
        `Written:\n${files.join("\n")}\nStart the server under its former address: agents come back by themselves.`,
      );
    });

  program
    .command("version")
    .description("print version, commit and date")
    .action(() => print(versionLine()));
  return program;
}

async function main(): Promise<void> {
  let status = 0;
  try {
    await createProgram().parseAsync(Bun.argv.slice(2), { from: "user" });
  } catch (error) {
    const isExpected = error instanceof StartError || error instanceof AppError;
    const { message, stack } = error as Error;
    process.stderr.write(`${isExpected ? message : (stack ?? message)}\n`);
    status = error instanceof StartError ? error.exitStatus : 1;
  }
  await output.flushed();
  process.exit(status);
}

await main();
