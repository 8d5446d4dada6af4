import { repoKind } from "@restic-manager/shared/domain/repo-url.ts";
import { asFolder } from "@restic-manager/shared/domain/source.ts";
import type { Retention } from "@restic-manager/shared/domain/source.ts";
import type { Bandwidth } from "@restic-manager/shared/protocol/command.ts";
import type { ConfigBundle } from "@restic-manager/shared/protocol/config.ts";
import { FailureError } from "../failure-error.ts";
import { atLeast } from "@restic-manager/shared/domain/restic-version.ts";

export type SourceGroup = ConfigBundle["groups"][number];

/** Arguments of restic, never with a secret in them. The repository travels in the environment (`env.ts`). */
export function backupArgs(
  group: Pick<SourceGroup, "name" | "includes" | "excludes" | "options">,
  host: string,
  repositoryUrl: string,
): string[] {
  return [
    "backup",
    "--json",
    // Names new and changed files, which a job's log lists.
    "--verbose=2",
    "--host",
    host,
    "--tag",
    group.name,
    ...group.excludes.flatMap((pattern) => ["--exclude", pattern]),
    ...repositoryWithin(group.includes, repositoryUrl),
    ...(group.options.exclude_caches ? ["--exclude-caches"] : []),
    ...(group.options.one_file_system ? ["--one-file-system"] : []),
    "--",
    ...group.includes,
  ];
}

/** Excludes a repository that lies in what it backs up: it would hold itself, and grow with every run. */
function repositoryWithin(includes: readonly string[], url: string): string[] {
  if (repoKind(url) !== "local") return [];
  const folder = asFolder(url);
  const isWithin = includes.some((path) => folder.startsWith(asFolder(path)));
  if (!isWithin) return [];
  // Windows takes a path in any letter case, restic's patterns do not.
  return /^[a-z]:/i.test(url)
    ? ["--iexclude", url.replaceAll("[", "[[]")]
    : ["--exclude", url.replaceAll(/[\\*?[]/g, "\\$&")];
}

export const initArgs = ["init", "--json"] as const;
/** Reading must also work while another process holds an exclusive lock, and on read-only stores. */
export const noLock = "--no-lock";
export const snapshotsArgs = ["snapshots", "--json", noLock] as const;
export const configArgs = ["cat", "config", noLock] as const;
/** Removes stale locks only. */
export const unlockArgs = ["unlock", "-q"] as const;
/** Removes every lock, also of living processes. */
export const unlockAllArgs = [...unlockArgs, "--remove-all"] as const;
// Without `--json`, which from 0.18 on says nothing until the end of a check, hours later.
export const pruneArgs = ["prune"] as const;
export const listLocksArgs = ["list", "locks", noLock, "-q"] as const;

/** Lists these files, and what is directly in these folders; with `/` also what is on the way to the others. Without any: everything. */
export function listArgs(id: string, paths: readonly string[]): string[] {
  return ["ls", "--json", noLock, id, ...paths];
}

export type ArchiveFormat = "tar" | "zip";

/** Writes a file, or a folder as an archive, to stdout. */
export function dumpArgs(
  id: string,
  path: string,
  archive: ArchiveFormat,
): string[] {
  return ["dump", noLock, "--archive", archive, id, path];
}

export const listKeysArgs = ["key", "list", "--json", noLock, "-q"] as const;

/** The password of the new key is read from stdin. */
export function addKeyArgs(label: string): string[] {
  return ["key", "add", "--user", label, "-q"];
}

export function removeKeyArgs(id: string): string[] {
  return ["key", "remove", id, "-q"];
}

export function lockArgs(id: string): string[] {
  return ["cat", "lock", id, noLock, "-q"];
}

export function catSnapshotArgs(id: string): string[] {
  return ["cat", "snapshot", id, noLock, "-q"];
}

/** What a check reads of the data, as restic takes it: above 0 and at most 100, written plainly; 0 for nothing. */
export function checkedPercent(wanted: number = 0): number {
  const percent = Math.min(100, Math.max(0, wanted));
  return percent > 0 ? Math.max(0.01, Math.round(percent * 100) / 100) : 0;
}

/** Reads a part of the data, or looks at the structure alone. */
export function checkArgs(wanted: number | undefined): string[] {
  const percent = checkedPercent(wanted);
  return percent > 0 ? ["check", `--read-data-subset=${percent}%`] : ["check"];
}

export function statsArgs(mode: "raw-data" | "restore-size"): string[] {
  return ["stats", "--mode", mode, "--json", noLock];
}

const keepOptions = {
  last: "--keep-last",
  hourly: "--keep-hourly",
  daily: "--keep-daily",
  weekly: "--keep-weekly",
  monthly: "--keep-monthly",
  yearly: "--keep-yearly",
  within: "--keep-within",
  within_hourly: "--keep-within-hourly",
  within_daily: "--keep-within-daily",
  within_weekly: "--keep-within-weekly",
  within_monthly: "--keep-within-monthly",
  within_yearly: "--keep-within-yearly",
} as const satisfies Record<Exclude<keyof Retention, "tags">, string>;

/**
 * One source group of one host. Grouped by tags, because restic's own grouping by paths would keep the last ones of a
 * list of paths that was changed since for ever.
 */
export function forgetArgs(
  { host, tag }: { readonly host: string; readonly tag: string },
  { tags = [], ...keeps }: Retention,
): string[] {
  const names = Object.keys(keepOptions) as (keyof typeof keepOptions)[];
  return [
    "forget",
    "--json",
    "--host",
    host,
    "--tag",
    tag,
    "--group-by",
    "tags",
    ...names.flatMap((name) =>
      keeps[name] === undefined ? [] : [keepOptions[name], String(keeps[name])],
    ),
    ...tags.flatMap((kept) => ["--keep-tag", kept]),
  ];
}

/** How long restic waits for a lock, in seconds; older ones than 0.16 cannot. */
export function retryLockArgs(
  seconds: number | undefined,
  version: string,
): string[] {
  return seconds !== undefined && atLeast(version, "0.16.0")
    ? ["--retry-lock", `${seconds}s`]
    : [];
}

export const unlimited: Bandwidth = { up_kbps: null, down_kbps: null };

/** Bandwidth, before the command; restic counts in KiB per second. */
export function limitArgs({ up_kbps, down_kbps }: Bandwidth): string[] {
  return [
    ...(up_kbps === null ? [] : ["--limit-upload", String(up_kbps)]),
    ...(down_kbps === null ? [] : ["--limit-download", String(down_kbps)]),
  ];
}

/**
 * What the back end of a repository needs beside the environment. sftp goes through the system's ssh with root's own
 * configuration, in batch mode: a question for a password or host key would wait for ever.
 */
export function backendArgs(
  url: string,
  caFile: string | null,
  sshLog: string,
): string[] {
  const ca = caFile === null ? [] : ["--cacert", caFile];
  return repoKind(url) === "sftp"
    ? [...ca, "-o", `sftp.command=${sshCommand(url, sshLog)}`]
    : ca;
}

/** restic stops listening before ssh has said why it ends; `sshLog` is a file that hears it to the end. */
function sshCommand(url: string, sshLog: string): string {
  const { user, host, port } = sftpPlace(url);
  return [
    "ssh",
    "-o BatchMode=yes",
    "-o ConnectTimeout=15",
    "-o ServerAliveInterval=60",
    ...hearing(sshLog),
    ...(port === undefined ? [] : [`-p ${port}`]),
    ...(user === undefined ? [] : [`-l ${user}`]),
    // Everything ssh could take for an option ends before the host.
    `-s -- ${host}`,
    "sftp",
  ].join(" ");
}

/** restic reads the option as CSV and splits it like a shell: a path that neither leaves alone is done without. */
function hearing(sshLog: string): string[] {
  const path = sshLog.replaceAll("\\", "/");
  return /['",\n]/.test(path) ? [] : [`-E '${path}'`];
}

/**
 * `sftp:user@host:/path` and `sftp://user@host:port/path`. restic splits the command at blanks, quotes and backslashes,
 * so a user or host with one of these could smuggle an option into ssh: refused.
 */
function sftpPlace(url: string) {
  const match =
    /^sftp:(?:\/\/)?(?:([^\s'"\\/]+)@)?(\[[0-9A-Fa-f:.]+\]|[^\s'"\\@:/[\]]+)(?::(\d+)(?=\/))?[:/]/i.exec(
      url,
    );
  const [, user, host, port] = match ?? [];
  if (host === undefined)
    throw new FailureError(
      "repository_failed",
      "The sftp address cannot be read; write sftp:user@host:/path or sftp://user@host:port//path, without quotes, blanks or backslashes in user and host.",
    );
  return { user, host: host.replace(/^\[|\]$/g, ""), port };
}

/** A command line as a person could type it in this system's shell, for the job page. */
export function commandText(
  args: readonly string[],
  platform: NodeJS.Platform = process.platform,
): string {
  const quote = platform === "win32" ? quoteForWindows : quoteForShell;
  return ["restic", ...args]
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : quote(arg)))
    .join(" ");
}

function quoteForShell(arg: string): string {
  return `'${arg.replaceAll("'", `'\\''`)}'`;
}

function quoteForWindows(arg: string): string {
  return `"${arg}"`;
}
