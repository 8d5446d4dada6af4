/**
 * Installs a release, upgrades it to another and goes back, with nothing but the executables: fresh server and agent,
 * enrolment, backup, restore, upgrade, roll back. Everything is in a folder that is removed, and no root is needed.
 *
 *   bun install/smoke.ts                            from the last commit with an older database to dist/
 *   bun install/smoke.ts --from REV                 from any revision, built once into dist/smoke/
 *   bun install/smoke.ts --old DIR [--new DIR]      executables of releases, each folder as its archive has them
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { type Lab, openLab } from "./e2e/rig/lab.ts";
import { serverFile } from "./e2e/rig/places.ts";
import type { Program } from "./e2e/rig/program.ts";
import { createReport } from "./lib/report.ts";
import { main, say } from "./lib/step.ts";
import { buildRevision, lastSchema, releaseIn } from "./smoke/release.ts";
import { play } from "./smoke/story.ts";

const options = {
  old: { type: "string" },
  new: { type: "string" },
  from: { type: "string" },
} as const;

await main(async () => {
  const { values } = parseArgs({ options });
  if (values.old !== undefined && values.from !== undefined)
    throw new Error("--old names executables, --from builds them: use one");
  const to = await releaseIn(
    resolve(values.new ?? dirname(serverFile)),
    values.new === undefined
      ? "run bun install/build.ts --host"
      : "--new is a folder with both executables",
  );
  const from = await releaseIn(
    resolve(
      values.old ?? (await buildRevision(values.from ?? (await lastSchema()))),
    ),
    "--old is a folder with both executables",
  );
  say(`old: ${from.version}, ${from.dir}`);
  say(`new: ${to.version}, ${to.dir}`);

  const started = performance.now();
  const report = createReport();
  const lab = openLab();
  const programs: Program[] = [];
  const heard: Lab = {
    ...lab,
    start(...args) {
      const program = lab.start(...args);
      programs.push(program);
      return program;
    },
  };
  process.once(
    "SIGINT",
    () => void lab.close().finally(() => process.exit(130)),
  );
  try {
    await report.part("steps", () => play({ lab: heard, report, from, to }));
    if (report.failed() > 0) keepLogs(programs);
  } finally {
    await lab.close();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `smoke: ${report.passed()} steps passed, ${report.failed()} failed in ${seconds} s\n`,
  );
  return report.failed() === 0 ? 0 : 1;
});

/** What every program said, where somebody can read it. */
function keepLogs(programs: readonly Program[]): void {
  const dir = mkdtempSync(join(tmpdir(), "rm-smoke-"));
  for (const [index, program] of programs.entries()) {
    const name = `${String(index + 1).padStart(2, "0")}-${program.name.replaceAll(/\W+/g, "-")}.log`;
    writeFileSync(join(dir, name), program.text());
  }
  say(`logs: ${dir}`);
}
