import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  jobEnds,
  jobIn,
  logOf,
  repositoryPassword,
  runNow,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { openLive } from "./rig/live.ts";
import { serverFile, tool } from "./rig/places.ts";
import { processes } from "./rig/processes.ts";
import { adminPassword } from "./rig/server.ts";
import { backupStand } from "./rig/stand.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;
const restPassword = "rest-server-user-password";
const canaries = [repositoryPassword, restPassword, adminPassword];

test(
  "no secret is on the agent's or the server's disk, in a log, an answer, a live frame or a process list [AGT-02] [AUD-05] [RST-02] [CRD-02]",
  inLab(async (lab) => {
    const { server, api, agent, host, done, gate } = await backupStand(lab, {
      megabytes: 8,
    });
    const live = await openLive(lab, server.url, api);
    await live.subscribe("fleet");
    gate.pace(1_500_000);
    const job = await runNow(api, host, done.group_id);
    await live.subscribe(`job:${job.id}`);
    await jobIn(api, job.id, ["running"]);
    await waitFor("restic runs", () => agent.restic());

    const args = processes()
      .map((process) => process.args)
      .join("\n");
    for (const canary of canaries) expect(args).not.toContain(canary);
    gate.pace(Infinity);
    const end = await jobEnds(api, job.id);
    expect(end.state).toBe("succeeded");
    expect(end.command).toMatch(/restic.* backup/);

    const answers: unknown[] = [live.frames(), await logOf(api, job.id)];
    for (const path of [
      `/api/hosts/${host.id}/repositories`,
      "/api/pending",
      "/api/openapi.json",
      "/api/hosts",
      `/api/hosts/${host.id}`,
      `/api/hosts/${host.id}/sources`,
      `/api/hosts/${host.id}/schedules`,
      `/api/hosts/${host.id}/snapshots`,
      `/api/jobs/${job.id}`,
    ])
      answers.push(await api.get(path));
    const told =
      JSON.stringify(answers) +
      server.program().text() +
      agent.program().text();
    for (const canary of canaries) expect(told).not.toContain(canary);

    const files = [
      ...filesBelow(server.dataDir),
      ...filesBelow(dirname(agent.config)),
    ];
    expect(files.length).toBeGreaterThan(8);
    expect(
      files.flatMap((file) =>
        canaries
          .filter((canary) => holds(file, canary))
          .map((canary) => [file, canary]),
      ),
    ).toEqual([]);
    for (const folder of [server.dataDir, agent.stateDir])
      expect(statSync(folder).mode & 0o077).toBe(0);
  }),
  limit,
);

test(
  "the printed nats command shows heartbeats and job events, no secret, and cannot publish [TRN-09]",
  inLab(async (lab) => {
    const { server, api, host, done } = await backupStand(lab, {
      env: { RM_HEARTBEAT_INTERVAL: "1s" },
    });
    const cwd = lab.folder("operator");
    const maker = lab.start(
      serverFile,
      ["nats", "creds", "--role", "debug-read", "--ttl", "1h"],
      {
        cwd,
        env: {
          RM_DATA_DIR: server.dataDir,
          RM_LISTEN: `127.0.0.1:${server.port}`,
        },
      },
    );
    expect((await maker.exit()).code).toBe(0);
    const [command = ""] = /^\s*nats --server .*$/m.exec(maker.text()) ?? [];
    const [creds = ""] =
      /--creds (?:'([^']+)'|(\S+))/.exec(command)?.slice(1).filter(Boolean) ??
      [];
    expect(
      statSync(
        join(cwd, creds).startsWith(cwd) && !creds.startsWith("/")
          ? join(cwd, creds)
          : creds,
      ).mode & 0o077,
    ).toBe(0);

    const shell = (line: string) =>
      lab.start("/bin/sh", ["-c", `exec ${line.trim()}`], {
        cwd,
        env: { PATH: dirname(tool("nats")) },
        name: "nats",
      });
    const listener = shell(command);
    await listener.line(new RegExp(`rm\\.v1\\.${host.id}\\.hb`));
    const job = await runNow(api, host, done.group_id);
    await jobEnds(api, job.id);
    await listener.line(/evt\.job\.started/);
    await listener.line(/evt\.job\.done/);
    await listener.line(new RegExp(`log\\.${job.id}`));
    for (const canary of canaries)
      expect(listener.text()).not.toContain(canary);

    const publisher = shell(
      command.replace(/ sub .*/, ` pub rm.v1.${host.id}.cmd.ping '{}'`),
    );
    await publisher.exit();
    await waitFor(
      "the broker refuses to publish",
      () =>
        /permissions? violation/i.test(publisher.text() + listener.text()) ||
        /permissions? violation/i.test(publisher.text()),
    );
    listener.signal("SIGINT");
    await listener.exit();
  }),
  limit,
);

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Whether a file holds a text as it is, or in one of the spellings in which it could have been written by accident. */
function holds(file: string, text: string): boolean {
  const bytes = readFileSync(file);
  const raw = Buffer.from(text);
  return [
    raw,
    raw.toString("hex"),
    raw.toString("base64").slice(0, -4),
    raw.toString("base64url").slice(0, -4),
  ].some((form) => bytes.includes(form));
}
