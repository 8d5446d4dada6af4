import { readConfig } from "../config.ts";
import { readOldRepository } from "../secrets/old-repository.ts";
import { exitCodes, type CliContext } from "./context.ts";
import { UsageError } from "./run.ts";

/** Shows the repository that was moved out of agent.yaml, password too, so that a person can set it up in the dashboard. */
export function oldRepository({ paths, terminal }: CliContext): number {
  const config = readConfig(paths.config);
  const old =
    config === null ? null : readOldRepository(paths, config.secrets_key);
  if (old === null)
    throw new UsageError(
      "No repository of an old agent.yaml is kept here; the dashboard has the ones of this host.",
    );
  for (const [name, value] of Object.entries(old))
    terminal.say(`${`${name}:`.padEnd(15)} ${value}`);
  return exitCodes.ok;
}
