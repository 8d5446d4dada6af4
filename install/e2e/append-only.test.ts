/** The script of docs/append-only.md, run as root of the endpoint while a backup runs. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { resticProcesses } from "./rig/agent.ts";
import { jobEnds, jobIn, repositoryPassword, runNow } from "./rig/jobs.ts";
import { inLab, type Lab } from "./rig/lab.ts";
import { root, tool } from "./rig/places.ts";
import {
  type ByHand,
  output,
  resticByHand,
  writeFiles,
} from "./rig/repository.ts";
import { type UpkeepStand, upkeepStand } from "./rig/upkeep.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

test(
  "a thief with the endpoint's access deletes, overwrites and forgets nothing in an append-only store [CRD-05]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab);
    await stand.makeOld(2);
    const before = await stand.snapshots();

    const { code, stdout, stderr } = await takeOver(lab, stand);
    expect(stdout, stderr).toContain("stolen: 2 snapshots of http://");
    expect([stdout.trim().split("\n").at(-1), code], stdout).toEqual([
      "still there: 2 of 2 snapshots; attempts that worked: 0",
      0,
    ]);
    expect(stdout.match(/^refused: /gm)).toHaveLength(14);

    const ids = (await stand.snapshots()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
    const check = await resticByHand(stand.dir, repositoryPassword, [
      "check",
      "--read-data",
    ]);
    expect([check.code, check.stdout]).toEqual([
      0,
      expect.stringContaining("no errors were found"),
    ]);
  }),
  limit,
);

test(
  "the same thief destroys what lies in a careless store, so the attempts are real ones [CRD-05]",
  inLab(async (lab) => {
    const stand = await upkeepStand(lab, { appendOnly: false });
    await stand.makeOld(2);

    const { code, stdout } = await takeOver(lab, stand);
    expect(stdout).toContain("WORKED: forget a snapshot");
    expect(stdout).toContain("WORKED: delete from keys");
    expect(code).toBe(1);
  }),
  limit,
);

/** Runs the documented script against the restic of a backup that is on its way. */
async function takeOver(
  lab: Lab,
  { api, host, groupId, gate, source }: UpkeepStand,
): Promise<ByHand> {
  writeFiles(join(source, "new"), 8);
  const known = gate.passed();
  gate.pace(500_000);
  const { id } = await runNow(api, host, groupId);
  await jobIn(api, id, ["running"]);
  await waitFor("data is on its way", () => gate.passed() > known + 500_000);
  const backup = resticProcesses(lab).find(({ args }) =>
    args.includes(" backup "),
  );
  gate.pace(Infinity);
  const text = readFileSync(join(root, "docs/append-only.md"), "utf8");
  const [, script = ""] = /^```bash\n([^]*?)^```/m.exec(text) ?? [];
  const done = await output(
    "/usr/bin/bash",
    ["-c", script, "thief.sh", `${backup?.pid}`],
    { PATH: `${dirname(tool("restic"))}:/usr/bin:/bin`, HOME: "/nonexistent" },
  );
  await jobEnds(api, id, 60_000);
  return done;
}
