import { basename, join } from "node:path";
import type { Api } from "./api.ts";
import type { Lab } from "./lab.ts";
import { agentFile } from "./places.ts";
import { descendants, type Process, processesOf } from "./processes.ts";
import type { Program } from "./program.ts";
import type { Server } from "./server.ts";
import type { Host, Pending } from "./types.ts";
import { waitFor } from "./wait.ts";

export interface Agent {
  readonly stateDir: string;
  readonly config: string;
  program(): Program;
  /** What its terminal says is its fingerprint. */
  fingerprint(): Promise<string>;
  /** Starts it again with `run`, as a service would. */
  run(env?: Readonly<Record<string, string>>): Program;
  /** Starts another verb with this agent's files. */
  verb(name: string, args?: readonly string[]): Program;
  /** Its running restic, when there is one. */
  restic(): Process | undefined;
}

export interface AgentOptions {
  readonly name?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** False: root that may read only what a file's mode lets it. */
  readonly readsEverything?: boolean;
  /** True: it runs on a terminal, so that it can ask. */
  readonly terminal?: boolean;
  /** The executable; absent: the one that was built. */
  readonly file?: string;
  /** What the machine calls itself; absent: as this one does. Needs root. */
  readonly hostname?: string;
}

const withoutOverride = ["--bounding-set=-dac_override,-dac_read_search"];

/** Runs what follows the name as the same process on a machine of that name. */
const renamed = [
  "/usr/bin/unshare",
  "--uts",
  "/usr/bin/sh",
  "-c",
  '/usr/bin/hostname "$0" && exec "$@"',
];

const fingerprintLine = /SHA256:[0-9a-f]{64}|SHA256:(?:[\s│|]*[0-9a-f]{4}){16}/;

/** `enrol` in the foreground, as a person types the dashboard's command. */
export async function enrolAgent(
  lab: Lab,
  server: Server,
  options: AgentOptions = {},
): Promise<Agent> {
  return enrolAt(lab, server.url, await server.serverKey(), options);
}

export function enrolAt(
  lab: Lab,
  url: string,
  serverKey: string | null,
  options: AgentOptions = {},
): Agent {
  const agent = agentFiles(lab, options);
  const keyArgs = serverKey === null ? [] : ["--server-key", serverKey];
  agent.verb("enrol", [url, ...keyArgs, ...(options.args ?? [])], options.env);
  return agent;
}

function agentFiles(
  lab: Lab,
  {
    name = "agent",
    readsEverything = true,
    terminal = false,
    file: executable = agentFile,
    hostname,
  }: AgentOptions,
) {
  const stateDir = join(lab.dir, name, "state");
  const config = join(lab.dir, name, "agent.yaml");
  lab.folder(name);
  let current: Program;

  function verb(
    word: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Program {
    const command = [
      executable,
      word,
      ...args,
      "--config",
      config,
      "--state-dir",
      stateDir,
    ];
    const limited = readsEverything
      ? command
      : ["/usr/bin/setpriv", ...withoutOverride, ...command];
    const named =
      hostname === undefined ? limited : [...renamed, hostname, ...limited];
    const [file = executable, ...rest] = terminal
      ? [
          "/usr/bin/script",
          "--quiet",
          "--return",
          "--command",
          named.join(" "),
          "/dev/null",
        ]
      : named;
    const program = lab.start(file, rest, {
      name: `${name} ${word}`,
      env,
    });
    if (word === "enrol" || word === "run") current = program;
    return program;
  }

  return {
    stateDir,
    config,
    program: () => current,
    async fingerprint() {
      const [text] = await current.line(fingerprintLine);
      return `SHA256:${text.slice("SHA256:".length).replaceAll(/[^0-9a-f]/g, "")}`;
    },
    run: (env?: Readonly<Record<string, string>>) => verb("run", [], env),
    verb,
    restic: () => descendants(current.pid).find(isRestic),
  } satisfies Agent;
}

/** The host that waits for approval with this fingerprint. */
export async function pendingOf(
  api: Api,
  fingerprint: string,
): Promise<Pending> {
  return waitFor(`${fingerprint} waits for approval`, async () => {
    const { pending } = await api.get<{ pending: Pending[] }>("/api/pending");
    return pending.find((row) => row.fingerprint === fingerprint);
  });
}

export async function accept(api: Api, pending: Pending): Promise<Host> {
  return api.post<Host>(`/api/pending/${pending.id}/accept`, {
    fingerprint: pending.fingerprint,
  });
}

export async function online(
  api: Api,
  hostId: string,
  wanted = true,
  ms = 30_000,
): Promise<Host> {
  return waitFor(
    `host ${hostId} is ${wanted ? "online" : "offline"}`,
    async () => {
      const host = await api.get<Host>(`/api/hosts/${hostId}`);
      return host.online === wanted ? host : null;
    },
    ms,
  );
}

/** An approved host that is online, by the API alone. */
export async function approvedHost(api: Api, agent: Agent): Promise<Host> {
  const host = await accept(
    api,
    await pendingOf(api, await agent.fingerprint()),
  );
  return online(api, host.id);
}

/** Every restic that runs for somebody in this lab, also one whose agent is gone. */
export function resticProcesses(lab: Lab): Process[] {
  return processesOf(lab.dir).filter(isRestic);
}

function isRestic({ exe }: Process): boolean {
  return /^restic(?!-manager)/.test(basename(exe));
}
