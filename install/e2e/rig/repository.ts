import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Lab } from "./lab.ts";
import { tool } from "./places.ts";
import { waitFor } from "./wait.ts";

export interface RestServer {
  readonly url: string;
  readonly port: number;
  /** Folder with the repositories. */
  readonly data: string;
  readonly user: string;
  readonly password: string;
}

export interface RestOptions {
  /** Folder with the repositories; a fresh one when there is none. */
  readonly data?: string;
  /** Lets nobody delete anything. */
  readonly appendOnly?: boolean;
  readonly user?: string;
  readonly password?: string;
}

/** A rest-server that lets one user in. */
export async function startRestServer(
  lab: Lab,
  options: RestOptions = {},
): Promise<RestServer> {
  const port = await freePort();
  const data = options.data ?? lab.folder(`rest-${port}`);
  const user = options.user ?? "backup";
  const password = options.password ?? "rest-server-user-password";
  const hash = Bun.password.hashSync(password, {
    algorithm: "bcrypt",
    cost: 4,
  });
  await serveRest(lab, port, `${user}:${hash}`, { ...options, data });
  const url = `http://127.0.0.1:${port}`;
  return { url, port, data, user, password };
}

/** A rest-server on a port, which lets in whom a line of its htpasswd file names. */
export async function serveRest(
  lab: Lab,
  port: number,
  htpasswd: string,
  { data, appendOnly = false }: RestOptions = {},
): Promise<void> {
  const file = join(lab.dir, `htpasswd-${port}`);
  writeFileSync(file, `${htpasswd}\n`);
  const program = lab.start(
    tool("rest-server"),
    [
      "--listen",
      `127.0.0.1:${port}`,
      "--path",
      data ?? lab.folder(`rest-${port}`),
      "--htpasswd-file",
      file,
      ...(appendOnly ? ["--append-only"] : []),
    ],
    { name: "rest-server" },
  );
  await waitFor(
    "rest-server answers",
    () =>
      fetch(`http://127.0.0.1:${port}`).then(
        () => true,
        () => false,
      ),
    30_000,
    program.text,
  );
}

export interface ByHand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** restic as a person runs it: not the product's own executable, and none of its options. */
export function resticByHand(
  repository: string,
  password: string,
  args: readonly string[],
): Promise<ByHand> {
  const env = {
    PATH: "/usr/bin:/bin",
    HOME: "/nonexistent",
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: password,
  };
  return output(tool("restic"), ["--no-cache", ...args], env);
}

export interface HandSnapshot {
  readonly id: string;
  readonly time: string;
  readonly hostname: string;
  readonly tags?: readonly string[];
  readonly paths: readonly string[];
}

export async function snapshotsByHand(
  repository: string,
  password: string,
): Promise<HandSnapshot[]> {
  const { code, stdout, stderr } = await resticByHand(repository, password, [
    "snapshots",
    "--json",
  ]);
  if (code !== 0) throw new Error(`restic snapshots: exit ${code} ${stderr}`);
  return JSON.parse(stdout) as HandSnapshot[];
}

/** Ids of the locks in a repository, stale ones included. */
export async function locksByHand(
  repository: string,
  password: string,
): Promise<string[]> {
  const { code, stdout, stderr } = await resticByHand(repository, password, [
    "list",
    "locks",
    "--no-lock",
  ]);
  if (code !== 0) throw new Error(`restic list locks: exit ${code} ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Runs a program to its end. */
export function output(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<ByHand> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A folder tree with `megabytes` of data that neither compresses nor repeats, besides small text files. */
export function writeFiles(dir: string, megabytes: number): void {
  mkdirSync(join(dir, "notes"), { recursive: true });
  for (let index = 0; index < 20; index += 1)
    writeFileSync(
      join(dir, "notes", `note-${index}.txt`),
      `Note ${index}\n`.repeat(50 + index),
    );
  const block = new Uint8Array(1024 * 1024);
  for (let index = 0; index < megabytes; index += 1) {
    for (let at = 0; at < block.length; at += 65_536)
      crypto.getRandomValues(block.subarray(at, at + 65_536));
    writeFileSync(join(dir, `block-${index}.bin`), block);
  }
}
