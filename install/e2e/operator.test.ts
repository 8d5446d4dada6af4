import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { approvedHost, enrolAgent } from "./rig/agent.ts";
import {
  jobEnds,
  jobIn,
  repositoryPassword,
  runNow,
  setUp,
} from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { serverFile, tool } from "./rig/places.ts";
import { descendants } from "./rig/processes.ts";
import { writeFiles } from "./rig/repository.ts";
import { listening } from "./rig/sockets.ts";
import { startServer } from "./rig/server.ts";
import { approvedStand, backupStand } from "./rig/stand.ts";
import type { Host } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

test(
  "the HTTP port is the only one that others can reach, and the endpoint opens none [TRN-01]",
  inLab(async (lab) => {
    const server = await startServer(lab, { listen: "0.0.0.0" });
    const api = await server.logIn();
    const agent = await enrolAgent(lab, server);
    await approvedHost(api, agent);
    const { pid } = server.program();
    const broker = descendants(pid).map((child) => child.pid);
    expect(broker.length).toBeGreaterThan(0);

    const reachable = [pid, ...broker]
      .flatMap(listening)
      .filter(({ address }) => !address.startsWith("127."));
    expect(reachable).toEqual([{ address: "0.0.0.0", port: server.port }]);
    expect(broker.flatMap(listening).length).toBeGreaterThan(0);
    const endpoint = agent.program().pid;
    expect(
      [endpoint, ...descendants(endpoint).map((child) => child.pid)].flatMap(
        listening,
      ),
    ).toEqual([]);
  }),
  limit,
);

test(
  "while another program keeps the database locked the server is alive and not ready [API-01]",
  inLab(async (lab) => {
    const server = await startServer(lab);
    const other = new Database(join(server.dataDir, "restic-manager.db"));
    const status = async (path: string) =>
      (await fetch(server.url + path)).status;

    other.run("BEGIN IMMEDIATE");
    await waitFor(
      "not ready",
      async () => (await status("/readyz")) === 503,
      30_000,
    );
    expect(await status("/healthz")).toBe(204);
    other.run("ROLLBACK");
    other.close();
    await waitFor("ready again", async () => (await status("/readyz")) === 200);
  }),
  limit,
);

test(
  "a debug listener hears set-up, a change of credentials and a job, and no secret of theirs [TRN-08]",
  inLab(async (lab) => {
    const { server, api, host } = await approvedStand(lab);
    const cwd = lab.folder("operator");
    const maker = lab.start(serverFile, ["nats", "creds"], {
      cwd,
      env: { RM_DATA_DIR: server.dataDir },
    });
    expect((await maker.exit()).code).toBe(0);
    const [command = ""] = /^\s*nats --server .*$/m.exec(maker.text()) ?? [];
    const listener = lab.start("/bin/sh", ["-c", `exec ${command.trim()}`], {
      cwd,
      env: { PATH: dirname(tool("nats")) },
      name: "nats",
    });
    await listener.line(/Subscribing/);

    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const done = await setUp(api, host, {
      url: join(lab.dir, "repository"),
      includes: [source],
    });
    await listener.line(/cmd\.repo\.test/);
    await listener.line(/cmd\.cfg\.changed/);
    await listener.line(/req\.cfg\.get/);
    const secret = "canary-Access-Key-Secret";
    const answer = await api.ask(
      "PATCH",
      `/api/repositories/${done.repository.id}`,
      { password: secret, env: { AWS_SECRET_ACCESS_KEY: secret } },
    );
    expect(answer.status).toBe(200);
    await waitFor("the agent fetched it", async () => {
      const { cfg_rev, applied_cfg_rev } = await api.get<Host>(
        `/api/hosts/${host.id}`,
      );
      return cfg_rev >= 2 && applied_cfg_rev === cfg_rev;
    });
    const job = await jobEnds(api, (await runNow(api, host, done.group_id)).id);
    expect(job.error?.code).toBe("wrong_password");
    await listener.line(/evt\.job\.done/);

    const heard = listener.text();
    for (const canary of [repositoryPassword, secret])
      for (const form of spellings(canary)) expect(heard).not.toContain(form);
    listener.signal("SIGINT");
    await listener.exit();
  }),
  limit,
);

test(
  "every line of both logs is JSON, and those about a job name host and job [LOG-01] [LOG-02]",
  inLab(async (lab) => {
    const { server, api, agent, host, done } = await backupStand(lab);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["succeeded"]);
    await waitFor("the agent logs the end", () =>
      /A backup ended/.test(agent.program().text()),
    );

    for (const program of [server.program(), agent.program()]) {
      const lines = logLines(program.stdout());
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) {
        expect(line).toMatchObject({
          level: expect.stringMatching(/^(info|warn|error)$/),
          msg: expect.any(String),
        });
        expect(Date.parse(String(line["time"]))).toBeGreaterThan(0);
      }
    }
    const about = logLines(agent.program().stdout()).filter(
      ({ job_id }) => job_id === job.id,
    );
    expect(about.length).toBeGreaterThanOrEqual(2);
    for (const line of about) expect(line["host_id"]).toBe(host.id);
  }),
  limit,
);

/** What a program logged; other lines for people, such as the enrolment's, stand before the first. */
function logLines(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line !== "");
  const first = lines.findIndex((line) => line.startsWith("{"));
  return lines
    .slice(first)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A text as it is, and inside base64 whatever stands before it. */
function spellings(text: string): string[] {
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.from("x".repeat(shift) + text)
      .toString("base64url")
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [text, ...shifted];
}
