/** Wine is not Windows: what passes here can start and work there, no more is said. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { accept, online, pendingOf } from "./rig/agent.ts";
import {
  jobEnds,
  repositoryPassword,
  runNow,
  setUp,
  wholeLogOf,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { root } from "./rig/places.ts";
import { snapshotsByHand, writeFiles } from "./rig/repository.ts";
import { startServer } from "./rig/server.ts";
import { openWine } from "./rig/wine.ts";

const agentExe = join(root, "dist/windows-x64/restic-manager-agent.exe");

test(
  "the Windows agent enrols, connects and backs up with the restic it carries, between hooks in cmd.exe [PKG-04] [PKG-06] [HKS-05]",
  inLab(async (lab) => {
    const wine = await openWine(lab);
    const server = await startServer(lab);
    const api = await server.logIn();

    const agent = wine.start(agentExe, [
      "enrol",
      server.url,
      "--server-key",
      await server.serverKey(),
    ]);
    const [fingerprint] = await agent.line(/SHA256:[0-9a-f]{64}/, 60_000);
    const pending = await pendingOf(api, fingerprint);
    const host = await online(
      api,
      (await accept(api, pending)).id,
      true,
      60_000,
    );
    expect(host.restic?.problem).toBeNull();

    writeFiles(join(wine.drive, "documents"), 1);
    const { group_id } = await setUp(api, host, {
      url: "C:\\repository",
      includes: ["C:\\documents"],
    });
    await api.ask("PUT", `/api/sources/${group_id}/hooks`, {
      pre: 'rem what is to be backed up\r\nif exist "C:\\documents" echo "found" it\r\necho dump> C:\\documents\\dump.sql',
      post: "echo %RM_JOB_STATUS% %RM_SOURCE_GROUP%\nexit 3",
      timeout_s: 60,
    });
    const started = await runNow(api, host, group_id);
    const job = await jobEnds(api, started.id, 60_000);
    expect([job.state, job.error]).toEqual(["succeeded", null]);
    const lines = (await wholeLogOf(api, job)).map(({ l }) => l.trimEnd());
    expect(lines).toContain('hook(pre): "found" it');
    expect(lines).toContain("/C/documents/dump.sql");
    expect(lines).toContain("hook(post): succeeded default");
    expect(lines.join("\n")).toContain("The post-hook ended with exit code 3.");

    const repository = join(wine.drive, "repository");
    expect(await snapshotsByHand(repository, repositoryPassword)).toEqual([
      expect.objectContaining({
        id: job.snapshot_id,
        paths: ["C:\\documents"],
      }),
    ]);
  }),
  240_000,
);
