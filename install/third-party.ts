/**
 * Builds the programs that the product embeds and those its tests need.
 *
 *   bun install/third-party.ts          for every target
 *   bun install/third-party.ts --host   for this machine only
 *   ... --without nats                  leave a tool out that is not needed now
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { binary, installTool, writeEmbed } from "./lib/binaries.ts";
import { goVersion } from "./lib/go.ts";
import {
  goNotices,
  licencesText,
  npmNotices,
  pathNotices,
} from "./lib/licences.ts";
import { dist } from "./lib/paths.ts";
import { programs } from "./lib/programs.ts";
import { main, say } from "./lib/step.ts";
import { hostTarget, sameTarget } from "./lib/targets.ts";

await main(async () => {
  const host = hostTarget();
  const hostOnly = process.argv.includes("--host");
  const go = await goVersion();

  const without = process.argv.includes("--without")
    ? process.argv.at(-1)
    : undefined;
  for (const program of programs) {
    if (program.name === without) continue;
    const tool = await binary(program, host, go).catch((error: unknown) => {
      if (program.embedFor.length > 0) throw error;
      say(
        `without ${program.name} (the demo and the tests need it): ${String(error)}`,
      );
    });
    if (tool !== undefined) installTool(tool);
    for (const target of program.embedFor)
      if (!hostOnly || sameTarget(target, host))
        writeEmbed(await binary(program, target, go));
  }

  const embedded = programs.filter((program) => program.embedFor.length > 0);
  const goParts =
    go === undefined ? pathNotices(embedded) : await goNotices(embedded);
  mkdirSync(join(dist, "embed"), { recursive: true });
  writeFileSync(
    join(dist, "embed", "LICENSES.txt"),
    licencesText([...goParts, ...npmNotices()]),
  );
  say("third-party programs are in dist/tools and dist/embed");
  return 0;
});
