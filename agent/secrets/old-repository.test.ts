import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { readConfig } from "../config.ts";
import { agentEnds, pathsIn } from "../testing/agent-process.ts";
import { rigIn, type Rig } from "../testing/rig.ts";
import { createTempDirs } from "../testing/temp-dir.ts";
import { until } from "../testing/until.ts";

// Real processes on a busy machine.
setDefaultTimeout(60_000);
const withRig = rigIn(createTempDirs());
const password = "old swordfish";

/** Adds to agent.yaml what one of the first generation held. */
function makeOld({ dir, restic }: Rig, change = (text: string) => text): void {
  const { config } = pathsIn(dir);
  const lines = `# the NAS\nrepository: ${restic.repository.url}\nusername: nas\npassword: ${password}\n`;
  writeFileSync(config, change(`${readFileSync(config, "utf8")}${lines}`));
}

function filesWith(dir: string, text: string): string[] {
  const { state, config } = pathsIn(dir);
  return [
    config,
    ...readdirSync(state).map((name) => join(state, name)),
  ].filter((path) => {
    try {
      return readFileSync(path).includes(text);
    } catch {
      // A folder.
      return false;
    }
  });
}

test("a repository in agent.yaml is sealed and stripped at the start, shown to who asks, and forgotten when the server has it [AGT-03]", () =>
  withRig(async (rig) => {
    const { dir } = rig;
    const paths = pathsIn(dir);
    await rig.restic.byHand("init");
    makeOld(rig);
    const agent = rig.start();
    await rig.online();
    expect(filesWith(dir, password)).toEqual([]);
    expect(readFileSync(paths.config, "utf8")).not.toMatch(
      /repository|username|password/,
    );
    expect(agent.lines.join("\n")).toContain("were moved into a sealed file");
    expect(agent.lines.join("\n")).not.toContain(password);
    const status = await agentEnds(dir, "status");
    expect(status.output).toContain(rig.restic.repository.url);
    expect(status.output).not.toContain(password);
    expect((await agentEnds(dir, "old-repository")).output).toBe(
      `repository:     ${rig.restic.repository.url}\nusername:       nas\npassword:       ${password}`,
    );

    // The dashboard has it now, and backups go on.
    await rig.configure();
    await until(
      "the end of the sealed file",
      () => !readdirSync(paths.state).includes("old-repository.sealed"),
    );
    expect((await rig.done(await rig.runNow())).outcome).toBe("succeeded");
    expect((await agentEnds(dir, "old-repository")).code).toBe(2);
  }));

test("an old agent.yaml without a key of its own gets one, and enrols [AGT-03]", () =>
  withRig(async (rig) => {
    const { dir, server } = rig;
    makeOld(rig, (text) => text.replace(/^secrets_key:.*\n/m, ""));
    server.decide("approved");
    const { code } = await agentEnds(dir, "enrol", server.url, "--exit");
    expect(code).toBe(0);
    expect(filesWith(dir, password)).toEqual([]);
    expect(readConfig(pathsIn(dir).config)?.server).toEqual([server.url]);
    expect((await agentEnds(dir, "old-repository")).output).toContain(password);
  }));
