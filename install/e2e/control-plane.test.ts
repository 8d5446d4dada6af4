import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { online } from "./rig/agent.ts";
import { jobEnds, jobsOf, runNow, snapshotsWhen } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { serverFile } from "./rig/places.ts";
import { backupStand } from "./rig/stand.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

test(
  "a server that was lost comes back from its own backup, and agents return without approval [DB-06]",
  inLab(async (lab) => {
    const { server, api, host, done } = await backupStand(lab);
    const first = await runNow(api, host, done.group_id);
    await jobEnds(api, first.id);
    const copy = join(lab.dir, "copy");
    const env = { RM_DATA_DIR: server.dataDir };
    const command = async (...args: string[]) => {
      const program = lab.start(serverFile, args, {
        env,
        cwd: lab.dir,
        name: args[0] ?? "",
      });
      const { code } = await program.exit();
      return { code, text: program.text() };
    };

    // While it serves.
    expect((await command("backup", copy)).code).toBe(0);
    const busy = await command("restore", copy);
    expect(busy.code).toBe(1);
    expect(busy.text).toContain("is not written over");

    const later = await runNow(api, host, done.group_id);
    const end = await jobEnds(api, later.id);
    await server.kill();
    renameSync(server.dataDir, join(lab.dir, "lost"));

    const put = await command("restore", copy);
    expect(put.code).toBe(0);
    expect(put.text).toContain("secret.key");
    await server.start();

    const again = await server.logIn();
    await online(again, host.id);
    const { hosts } = await again.get<{ hosts: Host[] }>("/api/hosts");
    expect(hosts.map(({ id }) => id)).toEqual([host.id]);
    expect(await again.get("/api/pending")).toEqual({ pending: [] });
    // What the lost server had stored after the copy is with the agent still, and comes again.
    await waitFor("the job after the copy is told again", async () =>
      (await jobsOf(again, host)).some(({ id }) => id === later.id),
    );
    expect((await jobEnds(again, later.id)).snapshot_id).toBe(end.snapshot_id);
    await snapshotsWhen(again, host, 2);
    const third = await runNow(again, host, done.group_id);
    expect((await jobEnds(again, third.id)).state).toBe("succeeded");
    expect(await jobsOf(again, host)).toHaveLength(3);
    expect(existsSync(join(server.dataDir, "restic-manager.db"))).toBe(true);
  }),
  120_000,
);
