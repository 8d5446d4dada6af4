import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const packages = ["systemd", "systemd-sysv", "curl", "ca-certificates", "cron"];

/** Where this machine gets its own packages from. */
const sources = [
  "/etc/apt/sources.list",
  "/etc/apt/sources.list.d/debian.sources",
];

/**
 * A folder with a small Debian 12 that boots systemd, and that nobody writes to. Made once for each list of packages
 * (20 s) and kept in the cache folder.
 */
export function debianRoot(): string {
  const cache =
    process.env["RM_CACHE_DIR"] ?? join(homedir(), ".cache/restic-manager");
  const recipe = createHash("sha256").update(packages.join(" ")).digest("hex");
  const dir = join(cache, `debian-12-${recipe.slice(0, 12)}`);
  if (existsSync(dir)) return dir;

  const partial = `${dir}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    run("mmdebstrap", [
      "--quiet",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      "bookworm",
      partial,
      ...sources.filter((file) => existsSync(file)),
    ]);
    // Every machine makes its own.
    for (const own of ["etc/machine-id", "etc/hostname"])
      rmSync(join(partial, own), { force: true });
    // Another run may have been quicker.
    if (!existsSync(dir)) renameSync(partial, dir);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return dir;
}

function run(file: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${file}: ${error?.message ?? stderr}`);
}
