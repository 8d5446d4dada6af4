import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { accept, online, pendingOf } from "../e2e/rig/agent.ts";
import { setUp } from "../e2e/rig/jobs.ts";
import type { Lab } from "../e2e/rig/lab.ts";
import { agentFile } from "../e2e/rig/places.ts";
import { descendants, type Process } from "../e2e/rig/processes.ts";
import type { Program } from "../e2e/rig/program.ts";
import type { Schedule } from "../e2e/rig/types.ts";
import { waitFor } from "../e2e/rig/wait.ts";
import { createMachine, type Machine } from "./machine.ts";
import { watchJournal } from "./journal.ts";
import type { Network } from "./network.ts";
import { serverHost, storeHost } from "./plan.ts";
import type { Dice } from "./random.ts";
import type { ChaosServer } from "./server.ts";
import type { Store } from "./store.ts";

/** An enrolled host with data that changes, and with a repository of its own. */
export interface Endpoint {
  readonly host: Machine;
  readonly id: string;
  readonly groupId: string;
  readonly scheduleId: string;
  /** The agent's own SQLite file. */
  readonly database: string;
  /** The repository as restic run by hand reaches it. */
  readonly repository: string;
  /** From now on its agent is to run, until it is killed or stopped. */
  start(): void;
  /** Starts the agent again when it is to run and does not, as systemd would. */
  keepUp(): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
  restic(): Process | undefined;
  /** Some of its data changes. */
  change(dice: Dice): void;
  text(): string;
}

export interface EndpointOptions {
  readonly lab: Lab;
  readonly network: Network;
  readonly server: ChaosServer;
  readonly store: Store;
  readonly name: string;
  readonly diskSize: string | null;
}

const maxBytes = 1_500_000;

export async function createEndpoint(
  options: EndpointOptions,
): Promise<Endpoint> {
  const { lab, network, server, store, name } = options;
  const host = createMachine(options);
  const source = lab.folder(`${name}-source`);
  const state = join(host.disk, "state");
  const files = [
    "--config",
    join(lab.folder(name), "agent.yaml"),
    "--state-dir",
    state,
  ];
  const database = join(state, "agent.db");
  mkdirSync(join(source, "changing"));
  for (let index = 0; index < 40; index += 1)
    writeFileSync(join(source, `note-${index}.txt`), `${name} ${index}\n`);
  let program: Program;
  let said = "";

  let wanted = false;

  function keepUp(): void {
    if (!wanted || program.running()) return;
    said += program.text();
    program = host.start(agentFile, ["run", ...files]);
  }

  function start(): void {
    wanted = true;
    keepUp();
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    wanted = false;
    program.signal(signal);
    await program.exit(60_000);
  }

  const url = `http://${await network.reach(name, serverHost)}`;
  const key = await server.serverKey();
  program = host.start(agentFile, [
    "enrol",
    url,
    "--server-key",
    key,
    "--exit",
    ...files,
  ]);
  const [text] = await program.line(
    /SHA256:[0-9a-f]{64}|SHA256:(?:[\s│|]*[0-9a-f]{4}){16}/,
  );
  const fingerprint = `SHA256:${text.slice("SHA256:".length).replaceAll(/[^0-9a-f]/g, "")}`;
  const api = await server.api();
  const { id } = await accept(api, await pendingOf(api, fingerprint));
  await program.exit();
  start();
  const approved = await online(api, id);
  const { group_id } = await setUp(api, approved, {
    url: `rest:http://${await network.reach(name, storeHost)}/${name}/`,
    includes: [source],
    user: store.user,
  });
  const schedule = await waitFor("a schedule", async () =>
    (
      await api.get<{ schedules: Schedule[] }>(`/api/hosts/${id}/schedules`)
    ).schedules.at(0),
  );
  await api.ask("PATCH", `/api/schedules/${schedule.id}`, {
    cron: "* * * * *",
  });
  watchJournal(database);

  return {
    host,
    id,
    groupId: group_id,
    scheduleId: schedule.id,
    database,
    repository: store.repository(name),
    start,
    keepUp,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    restic: () =>
      descendants(program.pid).find(({ exe }) =>
        /^restic(?!-manager)/.test(basename(exe)),
      ),
    change(dice) {
      const data = new Uint8Array(dice.between(1, maxBytes));
      for (let at = 0; at < data.length; at += 65_536)
        crypto.getRandomValues(data.subarray(at, at + 65_536));
      const file = `file-${Math.floor(dice.between(0, 1000))}.bin`;
      writeFileSync(join(source, "changing", file), data);
    },
    text: () => said + program.text(),
  };
}
