import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { rigIn, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("after a backup the server has every folder of the snapshot [RTR-01]", () =>
  withRig(async (rig) => {
    mkdirSync(join(rig.source, "a", "deep"), { recursive: true });
    mkdirSync(join(rig.source, "empty"));
    writeFileSync(join(rig.source, "a", "deep", "x"), "12345");
    const id = await backedUp(rig);
    await indexed(rig, id);
    const { trees } = rig.server;
    const paths = trees
      .paths(id)
      ?.filter((path) => path.startsWith(rig.source));
    expect(paths).toEqual([
      rig.source,
      `${rig.source}/a`,
      `${rig.source}/a/deep`,
      `${rig.source}/a/deep/x`,
      `${rig.source}/empty`,
      `${rig.source}/letter.txt`,
    ]);
    expect(trees.whole(id)).toMatchObject({ files: 2, bytes: 10 });
    expect(trees.entry(id, `${rig.source}/a`)).toMatchObject({ s: 5, c: 1 });
  }));

async function backedUp(rig: Rig): Promise<string> {
  if (rig.server.hello() === null) {
    await rig.restic.byHand("init");
    const agent = rig.start();
    await rig.online().catch((e: unknown) => { console.log(agent.lines.join("\n")); throw e; });
    await rig.configure();
  }
  const done = await rig.done(await rig.runNow());
  return done.stats?.snapshot_id ?? "";
}

const indexed = ({ server }: Rig, id: string) =>
  until("the index", () => server.trees.whole(id) !== undefined);
