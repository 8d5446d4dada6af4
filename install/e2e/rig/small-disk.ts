import { spawnSync } from "node:child_process";
import type { Lab } from "./lab.ts";

/** A disk of `size` (as mount says it, `64k` or `20m`) in a fresh folder of the lab. Needs root. */
export function smallDisk(lab: Lab, name: string, size: string): string {
  const dir = lab.folder(name);
  const { status, stderr } = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${size}`,
    "tmpfs",
    dir,
  ]);
  if (status !== 0)
    throw new Error(`mounting a small disk needs root: ${stderr.toString()}`);
  lab.defer(() => void spawnSync("umount", ["--lazy", dir]));
  return dir;
}
