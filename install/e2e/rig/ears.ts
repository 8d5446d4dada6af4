import { dirname } from "node:path";
import type { Api } from "./api.ts";
import { type Place, place } from "./canaries.ts";
import type { Lab } from "./lab.ts";
import { serverFile, tool } from "./places.ts";
import { processesOf } from "./processes.ts";
import type { Program } from "./program.ts";
import type { Server } from "./server.ts";

/** The printed `nats` command, as an operator gets it, and its listener on a subject. */
export interface DebugListeners {
  readonly command: string;
  /** Runs that command with another end, in the folder of its credentials file. */
  run(line: string): Program;
  /** Begins to listen; resolves when the broker has it. */
  hear(subject: string): Promise<Program>;
}

export async function debugListeners(
  lab: Lab,
  server: Server,
): Promise<DebugListeners> {
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
  const { code } = await maker.exit();
  const [line = ""] = /^\s*nats --server .*$/m.exec(maker.text()) ?? [];
  if (code !== 0 || line === "") throw new Error(maker.text());
  const command = line.trim();
  const run = (text: string) =>
    lab.start("/bin/sh", ["-c", `exec ${text}`], {
      cwd,
      env: { PATH: dirname(tool("nats")) },
      name: "nats",
    });
  return {
    command,
    run,
    async hear(subject) {
      const listener = run(command.replace(/ sub .*/, ` sub '${subject}'`));
      await listener.line(/Subscribing/);
      return listener;
    },
  };
}

/** Reads an event stream until the lab ends. @returns what came so far */
export async function eventStream(
  lab: Lab,
  server: Server,
  api: Api,
  path: string,
): Promise<() => string> {
  const stop = new AbortController();
  lab.defer(() => stop.abort());
  const response = await fetch(server.url + path, {
    headers: api.headers,
    signal: stop.signal,
  });
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? [])
      text += decoder.decode(chunk, { stream: true });
  })().catch(() => {});
  return () => text;
}

const sampleMs = 100;

/** Looks again and again at what everybody on the machine can see of the lab's programs, and at what root can. */
export function watchProcesses(lab: Lab): () => Place[] {
  const seen = new Map<string, Place>();
  const timer = setInterval(() => {
    for (const { args, env, exe } of processesOf(lab.dir)) {
      keep(`arguments of ${exe}`, args);
      keep(`environment of ${exe}`, env.join("\n"));
    }
  }, sampleMs);
  lab.defer(() => clearInterval(timer));

  function keep(name: string, text: string): void {
    const key = `${name}\n${text}`;
    if (!seen.has(key)) seen.set(key, place(name, text));
  }

  return () => [...seen.values()];
}
