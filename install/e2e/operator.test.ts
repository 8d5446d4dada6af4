import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { approvedHost, enrolAgent } from "./rig/agent.ts";
import { jobIn, runNow } from "./rig/jobs.ts";
import { inLab } from "./rig/lab.ts";
import { descendants } from "./rig/processes.ts";
import { listening } from "./rig/sockets.ts";
import { startServer } from "./rig/server.ts";
import { backupStand } from "./rig/stand.ts";
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
    await waitFor("not ready", async () => (await status("/readyz")) === 503);
    expect(await status("/healthz")).toBe(204);
    other.run("ROLLBACK");
    other.close();
    await waitFor("ready again", async () => (await status("/readyz")) === 200);
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
