import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../lib/paths.ts";
import { must, run } from "../lib/run.ts";
import { say } from "../lib/step.ts";

/** The restic of this Debian, taken out of its package and not installed: tests must not find it on PATH. */
export const debianRestic = async (line: string): Promise<string> => {
  const kept = join(cacheDir(), "third-party", `restic-${line}-debian`);
  const path = join(kept, "restic");
  if (existsSync(path)) return path;
  say(`download restic ${line} from Debian`);
  mkdirSync(join(cacheDir(), "third-party"), { recursive: true });
  const dir = mkdtempSync(`${kept}-`);
  try {
    await download(dir);
    const [deb = ""] = readdirSync(dir).filter((name) => name.endsWith(".deb"));
    await must("dpkg-deb", ["-x", join(dir, deb), dir]);
    const found = join(dir, "usr", "bin", "restic");
    const said = await must(found, ["version"]);
    if (!said.startsWith(`restic ${line}.`))
      throw new Error(
        `this Debian has ${said.trim().split(" compiled")[0]}: restic ${line} is in Debian 12`,
      );
    mkdirSync(kept, { recursive: true });
    renameSync(found, path);
    return path;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

const download = async (cwd: string): Promise<void> => {
  const args = ["download", "-q", "restic"];
  if ((await run("apt-get", args, { cwd })).code === 0) return;
  // A fresh machine has no list of packages yet.
  await must("apt-get", ["update", "-q"]);
  await must("apt-get", args, { cwd });
};
