/**
 * Runs the agent for Windows under Wine, against the server for Linux: downloads, enrols, backs up, crashes.
 *
 *   bun install/windows/wine-smoke.ts
 *
 * Wine is not Windows: what passes here may still fail there. See install/README.md, "Tiers".
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { openLab } from "../e2e/rig/lab.ts";
import { startServer } from "../e2e/rig/server.ts";
import { dist } from "../lib/paths.ts";
import { main, say } from "../lib/step.ts";
import { download } from "./agent.ts";
import { crash, executable, localRepository, refusals } from "./parts.ts";
import { createReport } from "../lib/report.ts";
import { needWine, openMachine } from "./wine.ts";

await main(async () => {
  needWine();
  const agent = join(dist, "windows-x64/restic-manager-agent.exe");
  if (!existsSync(agent))
    throw new Error(`${agent} is missing: run bun install/build.ts`);

  const report = createReport();
  const lab = openLab();
  try {
    say("make a Wine of its own");
    const machine = await openMachine(lab);
    const server = await startServer(lab);
    const stand = { lab, machine, server, api: await server.logIn(), report };
    await report.step("the server hands the agent out, with its checksum", () =>
      download(machine, server),
    );
    await report.part("executable", () => executable(stand));
    await report.part("local disk", () => localRepository(stand));
    await report.part("crash", () => crash(stand));
    await report.part("refusals", () => refusals(stand));
  } finally {
    if (report.failed() > 0) say(lab.report());
    await lab.close();
  }
  process.stdout.write(report.table());
  process.stdout.write(
    `${report.passed()} passed, ${report.failed()} failed\n`,
  );
  return report.failed() === 0 ? 0 : 1;
});
