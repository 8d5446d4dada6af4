import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import type { AgentProcess } from "./testing/agent-process.ts";
import { repositoryId, rigIn, type Rig } from "./testing/rig.ts";
import { createTempDirs } from "./testing/temp-dir.ts";
import { until } from "./testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(120_000);
const withRig = rigIn(createTempDirs());

test("after a backup the server has every folder of the snapshot, after the next one what changed [RTR-01]", () =>
  withRig(async (rig) => {
    mkdirSync(join(rig.source, "a", "deep"), { recursive: true });
    mkdirSync(join(rig.source, "empty"));
    writeFileSync(join(rig.source, "a", "deep", "x"), "12345");
    const agent = await started(rig);
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

    writeFileSync(join(rig.source, "empty", "y"), "12");
    const next = await backedUp(rig);
    await indexed(rig, next);
    expect(trees.whole(next)).toMatchObject({ files: 3, bytes: 12 });
    expect(trees.paths(next)).toContain(`${rig.source}/empty/y`);
    expect(agent.lines.join("\n")).toContain("Only what changed");
  }));

test("older snapshots are told when somebody asks, also where new ones are not [RTR-01]", () =>
  withRig(async (rig) => {
    await started(rig, { index: false });
    const id = await backedUp(rig);
    const { trees } = rig.server;
    const ask = (repository_id: string, snapshot_id = id) =>
      rig.server.command("tree.index", { repository_id, snapshot_id });
    expect(await ask(repositoryId)).toMatchObject({ ok: true });
    await indexed(rig, id);
    expect(rig.server.requests("tree.have")).toBe(1);
    expect(trees.paths(id)).toContain(join(rig.source, "letter.txt"));
    expect(await ask(rig.server.newId())).toMatchObject({
      ok: false,
      code: "config_outdated",
    });
    expect(await ask(repositoryId, "latest")).toMatchObject({
      ok: false,
      code: "command_unknown",
    });
  }));

test("an agent that is killed while it tells goes on after its start [RTR-01]", () =>
  withRig(async (rig) => {
    const agent = await started(rig);
    rig.server.loseAnswers("tree.put");
    const id = await backedUp(rig);
    await until("trees", () => rig.server.trees.received() > 0);
    expect(rig.server.trees.whole(id)).toBeUndefined();
    agent.kill();
    await agent.exited;
    rig.server.loseAnswers(null);
    rig.start();
    await indexed(rig, id);
  }));

/** An agent that is online and configured. */
async function started(
  rig: Rig,
  more: Parameters<Rig["configure"]>[1] = {},
): Promise<AgentProcess> {
  await rig.restic.byHand("init");
  const agent = rig.start();
  await rig.online();
  await rig.configure({}, more);
  return agent;
}

/** @returns the id of the snapshot */
async function backedUp(rig: Rig): Promise<string> {
  const done = await rig.done(await rig.runNow());
  return done.stats?.snapshot_id ?? "";
}

const indexed = ({ server }: Rig, id: string) =>
  until("the index", () => server.trees.whole(id) !== undefined);
