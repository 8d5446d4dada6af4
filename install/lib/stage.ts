import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { dist, root } from "./paths.ts";
import { natsServer, restic, type Program } from "./programs.ts";
import { targetName, type Target } from "./targets.ts";

export type Executable = {
  readonly name: "restic-manager-server" | "restic-manager-agent";
  readonly folder: "server" | "agent";
  readonly embeds: Program;
  /** Bun options fixed into the executable. */
  readonly execArgv: readonly string[];
};

export const server: Executable = {
  name: "restic-manager-server",
  folder: "server",
  embeds: natsServer,
  execArgv: [],
};

export const agent: Executable = {
  name: "restic-manager-agent",
  folder: "agent",
  embeds: restic,
  execArgv: ["--smol"],
};

const copy = (from: string, to: string, remedy: string): void => {
  if (!existsSync(from)) throw new Error(`${from} is missing: run ${remedy}`);
  cpSync(from, to, { recursive: true });
};

/** What endpoints and their owners fetch from `/install/`. */
const installFiles = [
  "install/install.sh",
  "install/systemd/restic-manager-agent.service",
  "install/systemd/restic-manager-server.service",
  "docs/reference/errors.md",
];

/**
 * Lays out what an executable carries, exactly as it will find it below
 * `import.meta.dir`. A run from source reads the same folder.
 */
export const stageAssets = (executable: Executable, target: Target): string => {
  const program = `${executable.embeds.name}-${targetName(target)}`;
  const assets = join(
    dist,
    "stage",
    `${executable.folder}-${targetName(target)}`,
    "assets",
  );
  rmSync(assets, { recursive: true, force: true });
  mkdirSync(join(assets, "bin"), { recursive: true });

  const embed = join(dist, "embed");
  const build = "bun install/third-party.ts";
  copy(
    join(embed, `${program}.zst`),
    join(assets, "bin", `${executable.embeds.name}.zst`),
    build,
  );
  copy(
    join(embed, `${program}.json`),
    join(assets, "bin", "manifest.json"),
    build,
  );
  copy(join(embed, "LICENSES.txt"), join(assets, "LICENSES.txt"), build);

  if (executable === server) {
    copy(join(dist, "ui"), join(assets, "ui"), "bun install/build-ui.ts");
    mkdirSync(join(assets, "install"));
    for (const file of installFiles)
      copy(
        join(root, file),
        join(assets, "install", file.replace(/^.*\//, "")),
        "git status",
      );
  }
  return assets;
};
