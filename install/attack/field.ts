import { join } from "node:path";
import {
  type Agent,
  approvedHost,
  enrolAgent,
  enrolAt,
} from "../e2e/rig/agent.ts";
import type { Api } from "../e2e/rig/api.ts";
import { jobEnds, runNow, setUp } from "../e2e/rig/jobs.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { writeFiles } from "../e2e/rig/repository.ts";
import { type Server, startServer } from "../e2e/rig/server.ts";
import type { Host, Job, SetUp } from "../e2e/rig/types.ts";
import { type HostileRelay, startHostileRelay } from "./hostile-relay.ts";
import { type Login, stolenFrom } from "./login.ts";
import { createOwnVoice, type OwnVoice } from "./own-voice.ts";
import { logInAtBroker, type RawNats } from "./raw-nats.ts";

/** A server, a host that is attacked, and one whose key was stolen, on which somebody once restored files of the first. */
export interface Field {
  readonly lab: Lab;
  readonly server: Server;
  readonly api: Api;
  readonly victim: {
    readonly host: Host;
    readonly agent: Agent;
    readonly done: SetUp;
    /** A backup that has ended. */
    readonly job: Job;
  };
  readonly thief: {
    readonly host: Host;
    readonly login: Login;
    readonly voice: OwnVoice;
  };
  /** A host whose key is replaced, and which is removed then. */
  readonly leaver: {
    readonly host: Host;
    readonly agent: Agent;
    /** What was on its disk before each of both. */
    readonly stolen: { replaced?: Login; removed?: Login };
  };
  /** Between server and victim. */
  readonly relay: HostileRelay;
  /** Logs in at the broker with the stolen key and its approval. */
  atBroker(): Promise<RawNats>;
}

export async function openField(lab: Lab): Promise<Field> {
  const server = await startServer(lab, {
    // Attackers do not close their end of a connection: the stop need not wait for them.
    env: { RM_HEARTBEAT_INTERVAL: "1s", RM_DRAIN_TIMEOUT: "3s" },
  });
  const api = await server.logIn();
  const relay = startHostileRelay(lab, server.url);
  const agent = enrolAt(lab, relay.url, await server.serverKey(), {
    name: "victim",
  });
  const host = await approvedHost(api, agent);
  const stolen = await enrolAgent(lab, server, { name: "thief" });
  const thief = await approvedHost(api, stolen);
  const leaving = await enrolAgent(lab, server, { name: "leaver" });
  const leaver = await approvedHost(api, leaving);

  const source = join(lab.dir, "source");
  writeFiles(source, 1);
  const done = await setUp(api, host, {
    url: join(lab.dir, "repository"),
    includes: [source],
  });
  const job = await jobEnds(api, (await runNow(api, host, done.group_id)).id);
  if (job.state !== "succeeded") throw new Error(`no backup: ${job.state}`);
  const { id } = await api.post<Job>(
    `/api/repositories/${done.repository.id}/snapshots/${job.snapshot_id}/restore`,
    {
      host_id: thief.id,
      confirm: thief.name,
      paths: [source],
      target: { mode: "new_directory", path: join(lab.dir, "restored") },
      overwrite: "if-changed",
    },
  );
  const restored = await jobEnds(api, id);
  if (restored.state !== "succeeded")
    throw new Error(`no restore: ${restored.state}`);

  const login = stolenFrom(stolen);
  return {
    lab,
    server,
    api,
    relay,
    victim: { host, agent, done, job },
    thief: {
      host: thief,
      login,
      voice: createOwnVoice(lab, server.url, thief, login),
    },
    leaver: { host: leaver, agent: leaving, stolen: {} },
    atBroker: () => logInAtBroker(lab, server.url, login),
  };
}
