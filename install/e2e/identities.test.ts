import { expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import {
  accept,
  type Agent,
  approvedHost,
  enrolAt,
  online,
  pendingOf,
} from "./rig/agent.ts";
import type { Api } from "./rig/api.ts";
import { openDoor } from "./rig/door.ts";
import { jobEnds, jobIn, runNow, setUp, wholeLogOf } from "./rig/jobs.ts";
import { freePort, inLab, type Lab } from "./rig/lab.ts";
import { agentFile, serverFile } from "./rig/places.ts";
import { output, writeFiles } from "./rig/repository.ts";
import { startServer } from "./rig/server.ts";
import { approvedStand, backupStand } from "./rig/stand.ts";
import type { Host, Job, Pending } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 60_000;
/** Seconds pass for minutes. */
const presence = { RM_OFFLINE_AFTER: "3s", RM_HEARTBEAT_INTERVAL: "1s" };
const slow = 1_000_000;

interface Conflict {
  readonly instances: readonly { readonly hostname: string }[];
}
type KnownHost = Host & {
  readonly keys: readonly { fingerprint: string; until: string | null }[];
  readonly identity_conflict: Conflict | null;
};

const hostOf = (api: Api, id: string) => api.get<KnownHost>(`/api/hosts/${id}`);

/** The agent's identity on another machine, as a disk image carries it there. */
function copyOf(lab: Lab, agent: Agent, name: string) {
  const dir = join(lab.dir, name);
  cpSync(join(agent.stateDir, ".."), dir, { recursive: true });
  const files = ["--config", join(dir, "agent.yaml")];
  const args = ["run", ...files, "--state-dir", join(dir, "state")];
  return () => lab.start(agentFile, args, { name });
}

test(
  "a removed host is cut at once, stays out, and comes back only by a person [ENR-13]",
  inLab(async (lab) => {
    const { server, api, agent, host } = await approvedStand(lab);
    const path = `/api/hosts/${host.id}`;
    const wrong = await api.ask("DELETE", path, { name: `${host.name}.` });
    expect([wrong.status, wrong.body.code]).toEqual([409, "name_mismatch"]);

    expect((await api.ask("DELETE", path, { name: host.name })).status).toBe(
      200,
    );

    expect(await agent.program().exit(5_000)).toEqual({
      code: 5,
      signal: null,
    });
    expect(agent.program().text()).toMatch(
      /removed this host.*restic-manager-agent enrol http/,
    );
    expect((await api.ask("GET", path)).body.code).toBe("host_not_found");
    await server.kill();
    await server.start();
    expect((await agent.run().exit()).code).toBe(5);

    const again = await server.logIn();
    const [fingerprint] = await agent
      .verb("enrol", [server.url, "--server-key", await server.serverKey()])
      .line(/SHA256:[0-9a-f]{64}/);
    expect(fingerprint).not.toBe(host.fingerprint);
    const pending = await pendingOf(again, fingerprint);
    const anew = await accept(again, pending);
    expect(anew.id).not.toBe(host.id);
    await online(again, anew.id);
  }),
  limit,
);

test(
  "a key is replaced while a backup runs; an old copy of it opens nothing [ENR-14]",
  inLab(async (lab) => {
    const { server, api, agent, host, done, gate } = await backupStand(lab, {
      megabytes: 8,
    });
    const startCopy = copyOf(lab, agent, "copy");
    gate.pace(slow);
    const job = await runNow(api, host, done.group_id);
    await jobIn(api, job.id, ["running"]);

    const after = await api.post<KnownHost>(`/api/hosts/${host.id}/rotate-key`);

    expect(after.fingerprint).not.toBe(host.fingerprint);
    expect(after.keys).toMatchObject([
      { fingerprint: after.fingerprint, until: null },
      { fingerprint: host.fingerprint },
    ]);
    gate.pace(Infinity);
    const end = await jobEnds(api, job.id);
    expect(end.state).toBe("succeeded");
    expect((await wholeLogOf(api, end)).map(({ n }) => n)).toEqual(
      Array.from({ length: end.log_lines }, (_, index) => index + 1),
    );
    expect((await startCopy().exit()).code).toBe(5);

    await agent.program().kill();
    agent.run();
    await server.stop();
    await server.start();
    const again = await server.logIn();
    await online(again, host.id);
    const next = await waitFor("a backup is taken on", async () => {
      const jobs = `/api/hosts/${host.id}/jobs`;
      const body = { kind: "backup", source_group_id: done.group_id };
      const answer = await again.ask<Job>("POST", jobs, body);
      return answer.status < 300 && answer.body;
    });
    expect((await jobEnds(again, next.id)).state).toBe("succeeded");
  }),
  limit,
);

test(
  "one identity on two machines is shown, both are served, and a new key leaves one [TRN-11]",
  inLab(async (lab) => {
    const { api, agent, host } = await approvedStand(lab, { env: presence });
    const copy = copyOf(lab, agent, "copy")();

    const found = await waitFor(
      "the copied identity is shown",
      async () => (await hostOf(api, host.id)).identity_conflict,
    );

    expect(found.instances).toHaveLength(2);
    expect([agent.program().running(), copy.running()]).toEqual([true, true]);
    const after = await api.post<KnownHost>(`/api/hosts/${host.id}/rotate-key`);
    expect(after.identity_conflict).toBeNull();
    const told = await waitFor(
      "one of the two is told that its key has ended",
      () => [agent.program(), copy].find((program) => !program.running()),
      30_000,
    );
    expect((await told.exit()).code).toBe(5);
    await online(api, host.id);
  }),
  limit,
);

test(
  "an agent whose address does not answer comes back over another one [TRN-12]",
  inLab(async (lab) => {
    const second = await freePort();
    const server = await startServer(lab, {
      env: { ...presence, RM_AGENT_URLS: `http://127.0.0.1:${second}` },
    });
    const api = await server.logIn();
    const door = await openDoor(lab, server.port);
    await openDoor(lab, server.port, second);
    const agent = enrolAt(lab, door.url, await server.serverKey());
    const host = await approvedHost(api, agent);
    const source = join(lab.dir, "source");
    writeFiles(source, 1);
    const url = join(lab.dir, "repository");
    await setUp(api, host, { url, includes: [source] });
    await waitFor("the configuration is applied", async () => {
      const { applied_cfg_rev, cfg_rev } = await hostOf(api, host.id);
      return applied_cfg_rev === cfg_rev;
    });

    door.shut();

    const back = new RegExp(`Connected to the server.*127.0.0.1:${second}`);
    await agent.program().line(back);
    await online(api, host.id);
  }),
  limit,
);

test(
  "the key that signs all access is renewed in two steps, and every agent comes through [ENR-14]",
  inLab(async (lab) => {
    const { server, agent, host } = await approvedStand(lab);
    const rotate = (...args: string[]) =>
      output(serverFile, ["nats", "rotate-signing-key", ...args], {
        RM_DATA_DIR: server.dataDir,
        HOME: lab.dir,
      });
    expect(await rotate()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Stop it"),
    });
    for (const args of [[], ["--finish"]]) {
      await server.stop();
      expect(await rotate(...args)).toMatchObject({ code: 0, stderr: "" });
      await server.start();
      await online(await server.logIn(), host.id);
    }
    // A JWT of the dropped key opens nothing; this agent comes by its own key.
    await agent.program().stop();
    agent.run();
    await online(await server.logIn(), host.id);
    const api = await server.logIn();
    const { pending } = await api.get<{ pending: Pending[] }>("/api/pending");
    expect(pending).toEqual([]);
  }),
  limit,
);
