import { descendants } from "../../install/e2e/rig/processes.ts";
import { waitFor } from "../../install/e2e/rig/wait.ts";
import { type Command, readCommand } from "../bare.ts";

/** How an agent's restic of that command, which is about to run, was started. */
export async function seenRestic(
  agentPid: number,
  command: "restore" | "dump",
): Promise<Command> {
  const restic = await waitFor(`restic ${command} runs`, () =>
    descendants(agentPid).find(
      ({ exe, args }) =>
        /\/restic[^/]*$/.test(exe) && args.includes(` ${command} `),
    ),
  );
  return readCommand(restic);
}
