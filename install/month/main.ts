/**
 * Lives through a whole month in minutes, and compares what happened with what should have.
 *
 *   bun install/month/main.ts          10 March to 10 April
 *   bun install/month/main.ts --few    four days around a change of the clocks
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openLab } from "../e2e/rig/lab.ts";
import { main, say } from "../lib/step.ts";
import { compare } from "./compare.ts";
import { isoOf, live } from "./drive.ts";
import { fewDays, wholeMonth } from "./story.ts";
import { tableOf } from "./table.ts";
import { createWorld, type World } from "./world.ts";

await main(async () => {
  const { values } = parseArgs({
    options: { few: { type: "boolean", default: false } },
  });
  const story = (values.few ? fewDays : wholeMonth)(Date.now());
  const lab = openLab();
  try {
    say(`from ${isoOf(story.from)} to ${isoOf(story.to)}`);
    const world = await createWorld(lab, story);
    await live(world, story);
    const outcome = await compare(world, story);
    process.stdout.write(tableOf(outcome));
    if (outcome.differences.length > 0) keepWords(world);
    return outcome.differences.length === 0 ? 0 : 1;
  } catch (error) {
    say(`${lab.report()}\n${String(error)}`);
    throw error;
  } finally {
    await lab.close();
  }
});

/** What every program said, kept where somebody can read it. */
function keepWords({ words }: World): void {
  const dir = mkdtempSync(join(tmpdir(), "rm-month-"));
  for (const [name, text] of Object.entries(words()))
    writeFileSync(join(dir, `${name}.log`), text);
  say(`what the programs said: ${dir}`);
}
