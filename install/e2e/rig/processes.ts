import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Arguments as `ps` shows them, joined by blanks. */
  readonly args: string;
  readonly exe: string;
  /** `NAME=value` texts. */
  readonly env: readonly string[];
}

export function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== null);
}

/** Everything running from, or with a word about, a folder. */
export function processesOf(dir: string): Process[] {
  return processes().filter(
    ({ pid, args, exe }) =>
      pid !== process.pid && (args.includes(dir) || exe.startsWith(dir)),
  );
}

/** Processes of an executable that a parent, or one of its children, started. */
export function descendants(parent: number, all = processes()): Process[] {
  const children = all.filter((process) => process.parent === parent);
  return children.flatMap((child) => [child, ...descendants(child.pid, all)]);
}

/** Resident memory of a process in bytes, 0 when it is gone. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`));
  return match === null ? 0 : Number(match[1]) * 1024;
}

function readProcess(pid: number): Process | null {
  const stat = readText(`/proc/${pid}/stat`);
  // The name in brackets may itself hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "" || fields[0] === "Z") return null;
  return {
    pid,
    parent: Number(fields[1]),
    args: readText(`/proc/${pid}/cmdline`).split("\0").join(" ").trim(),
    exe: readLink(`/proc/${pid}/exe`),
    env: readText(`/proc/${pid}/environ`)
      .split("\0")
      .filter((text) => text !== ""),
  };
}

/** A process may end between two reads; then there is nothing to say about it. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
