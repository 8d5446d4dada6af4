/**
 * One archive a target, from a clean checkout that passes install/test.ts, and their checksums.
 * The same commit gives the same archives.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { buildInfo } from "./lib/build-info.ts";
import { dist, root } from "./lib/paths.ts";
import { must } from "./lib/run.ts";
import { main, say } from "./lib/step.ts";
import {
  exe,
  linuxArm64,
  linuxX64,
  targetName,
  windowsX64,
  type Target,
} from "./lib/targets.ts";

const besideTheExecutables: readonly string[] = [
  "LICENSE",
  "install/install-server.sh",
  "docs/install.md",
  "docs/reverse-proxy.md",
  "install/systemd/restic-manager-agent.service",
  "install/systemd/restic-manager-server.service",
];

const pack = async (
  target: Target,
  version: string,
  date: string,
): Promise<string> => {
  const name = `restic-manager-${version}-${targetName(target)}`;
  const folder = join(dist, "release", name);
  mkdirSync(folder, { recursive: true });
  for (const program of ["restic-manager-server", "restic-manager-agent"]) {
    const file = exe(target, program);
    const built = join(dist, targetName(target), file);
    if (existsSync(built)) copyFileSync(built, join(folder, file));
  }
  for (const file of besideTheExecutables)
    copyFileSync(
      join(root, file),
      join(folder, file.slice(file.lastIndexOf("/") + 1)),
    );
  const archive = `${name}.tar.gz`;
  const stable = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
  await must(
    "tar",
    ["-c", "-z", "-f", archive, ...stable, `--mtime=${date}`, name],
    { cwd: join(dist, "release"), env: { GZIP: "-n" } },
  );
  rmSync(folder, { recursive: true });
  return archive;
};

await main(async () => {
  const { version, commit, commitDate } = await buildInfo();
  if (!/^[0-9a-f]{12}$/.test(commit))
    throw new Error(`commit everything first: this checkout is ${commit}`);
  await must(process.execPath, ["install/test.ts"], { cwd: root, loud: true });

  rmSync(join(dist, "release"), { recursive: true, force: true });
  const sums: string[] = [];
  for (const target of [linuxX64, linuxArm64, windowsX64]) {
    const archive = await pack(target, version, commitDate);
    const bytes = readFileSync(join(dist, "release", archive));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    sums.push(`${sha256}  ${archive}\n`);
    say(`release: dist/release/${archive}`);
  }
  writeFileSync(join(dist, "release", "SHA256SUMS"), sums.join(""));
  return 0;
});
