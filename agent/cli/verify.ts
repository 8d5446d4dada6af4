import { parseFingerprint } from "@restic-manager/shared/identity/fingerprint.ts";
import { readIdentity } from "../identity/identity.ts";
import { exitCodes, type CliContext } from "./context.ts";
import { UsageError } from "./run.ts";

/** Compares a fingerprint, as the dashboard's Copy gives it, with the one of this host. */
export function verify({ paths, terminal }: CliContext, text: string): number {
  const theirs = parseFingerprint(text);
  if (theirs === null)
    throw new UsageError(
      "That is no fingerprint: it is SHA256: and 64 hexadecimal digits.",
    );
  const own = readIdentity(paths.identity)?.fingerprint;
  if (own === undefined)
    throw new UsageError(
      "This host has no fingerprint yet. Use the enrol command that the dashboard shows.",
    );
  if (own === theirs) {
    terminal.say("match: this is the fingerprint of this host");
    return exitCodes.ok;
  }
  terminal.say(`mismatch: this host has ${own}. Do not accept the other one.`);
  return exitCodes.failed;
}
