import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Answer, Api } from "./api.ts";
import { jobEnds, runNow } from "./jobs.ts";
import type { Lab } from "./lab.ts";
import { type BackupOptions, type BackupStand, backupStand } from "./stand.ts";
import type { ApiError, Host, Job, SnapshotIndex } from "./types.ts";
import { waitFor } from "./wait.ts";

/** A host with a snapshot whose files the server knows. */
export interface RestoreStand extends BackupStand {
  readonly repositoryId: string;
  readonly snapshotId: string;
  /** One more backup of the same files. */
  backUp(): Promise<string>;
  /** Address of a part of the snapshot's API. */
  at(part: string, snapshotId?: string): string;
  /** The folder of a finished restore, as its job says. */
  home: string;
}

export async function restoreStand(
  lab: Lab,
  options: BackupOptions & {
    /** Adds to what is backed up. */
    readonly prepare?: (source: string) => void;
    /** How long the backup and its index may take. */
    readonly patienceMs?: number;
  } = {},
): Promise<RestoreStand> {
  const stand = await backupStand(lab, options);
  const { api, host, done, source } = stand;
  options.prepare?.(source);
  const repositoryId = done.repository.id;
  const backUp = async () => {
    const { id } = await runNow(api, host, done.group_id);
    const job = await jobEnds(api, id, options.patienceMs);
    if (job.snapshot_id === null)
      throw new Error(`no backup: ${JSON.stringify(job.error)}`);
    return job.snapshot_id;
  };
  const snapshotId = await backUp();
  const at = (part: string, id = snapshotId) =>
    `/api/repositories/${repositoryId}/snapshots/${id}/${part}`;
  await indexed(api, at("index"), options.patienceMs);
  const home = join(lab.dir, "home");
  return { ...stand, repositoryId, snapshotId, backUp, at, home };
}

/** The files of a snapshot, once the server knows them. */
export function indexed(
  api: Api,
  address: string,
  ms = 20_000,
): Promise<SnapshotIndex> {
  let last: SnapshotIndex | null = null;
  return waitFor(
    "the snapshot is indexed",
    async () => {
      last = await api.get<SnapshotIndex>(address);
      return last.state === "ready" ? last : null;
    },
    ms,
    () => JSON.stringify(last),
  );
}

export interface RestoreWish {
  readonly paths: readonly string[];
  /** A new folder; absent: in place. */
  readonly to?: string;
  readonly host?: Host;
  readonly overwrite?: "always" | "if-changed" | "if-newer" | "never";
  readonly strip?: string;
  readonly confirm?: string;
}

export function restoreBody(host: Host, wish: RestoreWish) {
  const { to, host: other = host, ...rest } = wish;
  return {
    ...rest,
    host_id: other.id,
    target:
      to === undefined
        ? { mode: "in_place" }
        : { mode: "new_directory", path: to },
  };
}

export function askRestore<T = ApiError>(
  { api, host, at }: Pick<RestoreStand, "api" | "host" | "at">,
  wish: RestoreWish,
): Promise<Answer<T>> {
  return api.ask<T>("POST", at("restore"), restoreBody(host, wish));
}

/** Starts a restore as a person does. */
export async function startRestore(
  stand: Pick<RestoreStand, "api" | "host" | "at">,
  wish: RestoreWish,
): Promise<Job> {
  const { status, body } = await askRestore<Job>(stand, wish);
  if (status !== 202)
    throw new Error(`restore: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function restoreEnds(
  stand: Pick<RestoreStand, "api" | "host" | "at">,
  wish: RestoreWish,
  ms = 60_000,
): Promise<Job> {
  return jobEnds(stand.api, (await startRestore(stand, wish)).id, ms);
}

export function downloadAddress(
  { server, at }: Pick<RestoreStand, "server" | "at">,
  paths: readonly string[],
  format: "raw" | "tar" | "zip",
): string {
  const query = new URLSearchParams([
    ...paths.map((path): [string, string] => ["path", path]),
    ["format", format],
  ]);
  return `${server.url}${at("download")}?${query.toString()}`;
}

export function downloadOf(
  stand: Pick<RestoreStand, "server" | "api" | "at">,
  paths: readonly string[],
  format: "raw" | "tar" | "zip",
  init: RequestInit = {},
): Promise<Response> {
  return fetch(downloadAddress(stand, paths, format), {
    ...init,
    headers: { ...stand.api.headers },
  });
}

/** Everything below a folder with its kind, permissions, time in ns and contents; names as bytes in hex digits. */
export function treeOf(dir: string): Record<string, string> {
  const found: Record<string, string> = {};
  const top = Buffer.from(dir);
  const visit = (folder: Buffer) => {
    for (const name of readdirSync(folder, { encoding: "buffer" })) {
      const path = Buffer.concat([folder, Buffer.from("/"), name]);
      const { mode, mtimeNs } = lstatSync(path, { bigint: true });
      const what = lstatSync(path);
      found[path.subarray(top.length).toString("hex")] =
        `${mode.toString(8)} ${mtimeNs} ${contentOf(path, what)}`;
      if (what.isDirectory()) visit(path);
    }
  };
  visit(top);
  return found;
}

function contentOf(path: Buffer, what: ReturnType<typeof lstatSync>): string {
  if (what?.isSymbolicLink() === true) return readlinkSync(path);
  return what?.isFile() === true ? Bun.hash(readFileSync(path)).toString() : "";
}

/** What people, and other people's programs, call their files. */
export const oddNames = [
  "line\nbreak.txt",
  `"double" 'single' \`back\`.txt`,
  "emoji 🙈 ünï 日本.txt",
  "-rf",
  "--target=elsewhere",
  "*",
  "[a-z]?.txt",
  "back\\slash",
  "$HOME",
  "${PATH}",
  "...",
  "..hidden..",
  " blanks around ",
  "#comment",
  "%2e%2e%2f",
  "n".repeat(255),
];

/** Folders within folders, so that a path has more than 3,000 characters. */
const deepFolder = Array.from({ length: 12 }, (_, index) =>
  `${index}-`.padEnd(250, "d"),
).join("/");

/** A folder `odd` with files that are easily got wrong, and what a careless pattern would take with them. */
export function writeOddFiles(source: string): void {
  const odd = join(source, "odd");
  mkdirSync(join(odd, deepFolder), { recursive: true });
  for (const name of oddNames) writeFileSync(join(odd, name), `in ${name}`);
  writeFileSync(join(odd, "x.txt"), "what [a-z]?.txt and * are not");
  writeFileSync(join(odd, deepFolder, "deep.txt"), "far below");
  writeFileSync(
    Buffer.concat([Buffer.from(`${odd}/bad-`), Buffer.from([0xff, 0xfe])]),
    "not UTF-8",
  );
  symlinkSync("/etc/hostname", join(odd, "out"));
  symlinkSync("../../..", join(odd, "up"));
  writeFileSync(join(odd, "secret"), "0600", { mode: 0o600 });
  utimesSync(join(odd, "secret"), 1_000_000_000.5, 1_000_000_000.123456);
}
