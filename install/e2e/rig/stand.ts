import { join } from "node:path";
import {
  type Agent,
  type AgentOptions,
  approvedHost,
  enrolAgent,
} from "./agent.ts";
import type { Api } from "./api.ts";
import { type Gate, openGate } from "./gate.ts";
import { repositoryPassword, setUp } from "./jobs.ts";
import type { Lab } from "./lab.ts";
import { snapshotsByHand, startRestServer, writeFiles } from "./repository.ts";
import { type Server, type ServerOptions, startServer } from "./server.ts";
import type { Host, SetUp } from "./types.ts";

/** A server and one approved host that is online. */
export interface Stand {
  readonly server: Server;
  readonly api: Api;
  readonly agent: Agent;
  readonly host: Host;
}

export interface StandOptions extends ServerOptions {
  readonly agent?: AgentOptions;
}

export async function approvedStand(
  lab: Lab,
  options: StandOptions = {},
): Promise<Stand> {
  const server = await startServer(lab, options);
  const api = await server.logIn();
  const agent = await enrolAgent(lab, server, options.agent);
  return { server, api, agent, host: await approvedHost(api, agent) };
}

/** An approved host with something to back up, into a rest-server behind a gate. */
export interface BackupStand extends Stand {
  readonly gate: Gate;
  readonly source: string;
  readonly done: SetUp;
  /** The repository as restic run by hand reaches it, past the gate. */
  readonly repository: string;
  byHand(): ReturnType<typeof snapshotsByHand>;
}

export interface BackupOptions extends StandOptions {
  readonly megabytes?: number;
  /** For what is measured: relaying costs as much as serving. */
  readonly isPastGate?: boolean;
}

export async function backupStand(
  lab: Lab,
  options: BackupOptions = {},
): Promise<BackupStand> {
  const stand = await approvedStand(lab, options);
  const rest = await startRestServer(lab);
  const gate = await openGate(lab, rest.port);
  const { port } = options.isPastGate === true ? rest : gate;
  const source = join(lab.dir, "source");
  writeFiles(source, options.megabytes ?? 2);
  const done = await setUp(stand.api, stand.host, {
    url: `rest:http://127.0.0.1:${port}/host/`,
    includes: [source],
    user: { name: rest.user, password: rest.password },
  });
  const repository = `rest:http://${rest.user}:${rest.password}@127.0.0.1:${rest.port}/host/`;
  return {
    ...stand,
    gate,
    source,
    done,
    repository,
    byHand: () => snapshotsByHand(repository, repositoryPassword),
  };
}
